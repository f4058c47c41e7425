import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'

/** Returns the files below a folder by their paths in it, with `/` on each system. */
export async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  // Node 20.9 has no `parentPath`.
  const paths = files.map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
  return paths.map((path) => path.replaceAll(sep, '/'))
}

/** Copies a file to its place in one step, so that a process that is loading the old one is not disturbed. */
export async function replaceFile(from, to) {
  await mkdir(dirname(to), { recursive: true })
  const temporary = join(dirname(to), `.${process.pid}.${basename(to)}`)
  await copyFile(from, temporary)
  await rename(temporary, to)
}

/** Does some work with an empty folder, by its real path, and removes it afterwards. Returns what the work returns. */
export async function inNewFolder(name, work) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `gateway-${name}-`)))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Does some work, unless it was done before with the same contents of a file. Keeps their hash in the file `stamp`. */
export async function onceForFile(path, stamp, work) {
  const hash = createHash('sha256').update(await readFile(path)).digest('hex')
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === hash) return
  await work()
  await writeFile(stamp, hash)
}
