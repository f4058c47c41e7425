// Reads an npm tarball with the system's tar, which each of npm's platforms has.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { promisify } from 'node:util'

/** @returns {Promise<Map<string, Buffer>>} contents by path, without the leading `package/` */
export async function readTarball(path) {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-tarball-'))
  try {
    await promisify(execFile)('tar', ['-xzf', resolve(path), '-C', folder])
    const files = new Map()
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath ?? entry.path, entry.name)
      const name = relative(join(folder, 'package'), file).replaceAll(sep, '/')
      if (entry.isFile()) files.set(name, await readFile(file))
      else if (!entry.isDirectory()) throw new Error(`${path}: ${name} is neither a file nor a folder`)
    }
    return files
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
