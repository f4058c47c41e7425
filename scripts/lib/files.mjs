import { copyFile, mkdir, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises'
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

/** Does some work with the real path of an empty folder, and removes the folder afterwards. Returns the work's result. */
export async function inNewFolder(name, work) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `gateway-${name}-`)))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
