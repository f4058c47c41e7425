// Images for engines without a registry: a file system that is put together here, and imported.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const APPLETS = ['sh', 'env', 'sleep', 'id', 'cat', 'touch', 'true', 'false', 'rm', 'test', 'wget', 'ls']

/** The static busybox of Debian's package busybox-static. */
export const BUSYBOX = '/bin/busybox'

/**
 * Puts a file system together, with busybox and, if asked for, this machine's Node.
 *
 * @param {{ node?: boolean, files?: Record<string, string> }} [options] `files`: from this machine, by their path in it
 * @returns {{ folder: string, tar: () => import('node:stream').Readable, remove: () => void }}
 */
export function makeFileSystem({ node = false, files = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'computesdk-image-'))
  const add = (path) => {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    return join(folder, path)
  }
  for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'app']) mkdirSync(join(folder, name))
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'tmp'), 0o1777)
  copyFileSync(BUSYBOX, add('/bin/busybox'))
  for (const applet of APPLETS) symlinkSync('busybox', join(folder, 'bin', applet))
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nworker:x:1000:1000:worker:/:/bin/sh\n')
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n')
  if (node) addNode(add)
  for (const [path, source] of Object.entries(files)) copyFileSync(source, add(path))
  return {
    folder,
    tar: () => spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Adds this machine's Node with the libraries that it loads. */
function addNode(add) {
  const program = realpathSync(process.execPath)
  copyFileSync(program, add('/bin/node'))
  for (const library of execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/[^ )]+/g) ?? []) {
    copyFileSync(realpathSync(library), add(library))
  }
}
