// Reads an npm tarball with the system's tar, which each of npm's platforms has.
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'

import { inNewFolder } from '../lib/files.mjs'
import { run } from '../lib/run.mjs'

/** @returns {Promise<Map<string, Buffer>>} contents by path, without the leading `package/` */
export function readTarball(path) {
  return inNewFolder('tarball', async (folder) => {
    await run('tar', ['-xzf', resolve(path), '-C', folder])
    const files = new Map()
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath ?? entry.path, entry.name)
      const name = relative(join(folder, 'package'), file).replaceAll(sep, '/')
      if (entry.isFile()) files.set(name, await readFile(file))
      else if (!entry.isDirectory()) throw new Error(`${path}: ${name} is neither a file nor a folder`)
    }
    return files
  })
}
