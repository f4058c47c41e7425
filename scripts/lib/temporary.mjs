import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Does some work with an empty folder, and removes the folder afterwards. Returns what the work returns.
 *
 * @template T
 * @param {string} name part of the folder's name
 * @param {(folder: string) => Promise<T>} work is given the folder's real path
 * @returns {Promise<T>}
 */
export async function withFolder(name, work) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `gateway-${name}-`)))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
