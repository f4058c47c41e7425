// Images for engines without a registry. They are made of a folder, and imported.
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const APPLETS = ['sh', 'env', 'sleep', 'id', 'cat', 'touch', 'true', 'false', 'rm', 'mkdir', 'kill', 'ls']

/** The static busybox of Debian's package busybox-static. */
export const BUSYBOX = '/bin/busybox'

/**
 * Makes a file system with busybox, or else this machine's shell, and with `node` also this machine's Node.
 *
 * @param {{ node?: boolean, bare?: boolean, files?: Record<string, string>, texts?: Record<string, string> }} [options]
 *   `files`: files and folders of this machine, by their path in it; `bare`: nothing else
 * @returns {{ folder: string, tar: () => import('node:stream').Readable, remove: () => void }}
 */
export function makeFileSystem({ node = false, bare = false, files = {}, texts = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'computesdk-image-'))
  const add = (path) => {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    return join(folder, path)
  }
  chmodSync(folder, 0o755)
  if (!bare) addSystem(folder, add)
  if (node) {
    const libraries = addProgram(add, process.execPath, '/bin/node')
    for (const file of [process.execPath, ...libraries].flatMap(modulesNamedIn)) copyFileSync(realpathSync(file), add(file))
  }
  for (const [path, source] of Object.entries(files)) cpSync(realpathSync(source), add(path), { recursive: true })
  for (const [path, text] of Object.entries(texts)) writeFileSync(add(path), text)
  return {
    folder,
    tar: () => spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function addSystem(folder, add) {
  for (const name of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'app']) mkdirSync(join(folder, name))
  chmodSync(join(folder, 'tmp'), 0o1777)
  if (existsSync(BUSYBOX)) {
    copyFileSync(BUSYBOX, add('/bin/busybox'))
    for (const applet of APPLETS) symlinkSync('busybox', join(folder, 'bin', applet))
  } else {
    for (const program of ['sh', 'sleep', 'cat', 'rm', 'mkdir', 'ls']) addProgram(add, `/bin/${program}`, `/bin/${program}`)
  }
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nworker:x:1000:1000:worker:/:/bin/sh\n')
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n')
}

/** Adds a program of this machine with the libraries that it loads. Returns their paths. */
function addProgram(add, path, target) {
  const program = realpathSync(path)
  copyFileSync(program, add(target))
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/[^\s)]+/g) ?? []
  for (const library of libraries) copyFileSync(realpathSync(library), add(library))
  return libraries
}

/** More than any path of a module has. */
const LONGEST_PATH = 4_096

/**
 * Returns the JavaScript files of this machine whose paths a binary holds. Debian's Node reads some of its own modules
 * from `/usr/share/nodejs` when it starts, and its libnode names them.
 *
 * @param {string} binary
 */
export function modulesNamedIn(binary) {
  const content = readFileSync(binary)
  const paths = new Set()
  // A regular expression over 120 MB takes minutes: other builds of Node hold long texts that look like paths.
  for (let end = content.indexOf('.js\0'); end >= 0; end = content.indexOf('.js\0', end + 1)) {
    const before = content.subarray(Math.max(0, end - LONGEST_PATH), end)
    const path = `${before.toString('latin1', before.lastIndexOf(0) + 1)}.js`
    if (/^\/[\w./@+-]+$/.test(path) && existsSync(path)) paths.add(path)
  }
  return [...paths]
}
