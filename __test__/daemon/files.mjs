// Files: absolute paths as they are, relative ones in the sandbox' own folder.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, parse, resolve } from 'node:path'

import { badRequest, notFound, Refusal } from './errors.mjs'

const SIZE_MAXIMUM = 16 * 1024 * 1024

/** @param {string} folder where relative paths begin */
export function createFiles(folder) {
  const place = (path) => {
    if (typeof path !== 'string' || path === '') throw badRequest('path is missing')
    if (path.includes('\0')) throw badRequest('path must not hold a zero byte')
    return resolve(folder, path)
  }

  return {
    async write({ path, content = '' }) {
      if (typeof content !== 'string') throw badRequest('content has to be a string')
      const target = place(path)
      await attempt(path, async () => {
        await mkdir(dirname(target), { recursive: true })
        await writeFile(target, content)
      })
      return { file: await describe(path, target) }
    },

    async read(path) {
      const target = place(path)
      const file = await describe(path, target)
      if (file.is_dir) throw badRequest(`${path} is a folder`)
      if (file.size > SIZE_MAXIMUM) throw new Refusal(413, `${path} is larger than ${SIZE_MAXIMUM} bytes`)
      return { file, content: await attempt(path, () => readFile(target, 'utf8')) }
    },

    look: async (path) => ({ file: await describe(path, place(path)) }),

    async list(path) {
      const target = place(path)
      const names = await attempt(path, () => readdir(target))
      const described = names.toSorted().map((name) => describe(join(path, name), join(target, name)))
      const files = (await Promise.allSettled(described)).filter(({ status }) => status === 'fulfilled')
      return { path, files: files.map(({ value }) => value) } // without deleted files and broken links
    },

    async remove(path) {
      const target = place(path)
      if (target === parse(target).root) throw badRequest(`${path} is not removed`)
      await attempt(path, () => rm(target, { recursive: true }))
    },
  }
}

async function describe(path, target) {
  const found = await attempt(path, () => stat(target))
  return {
    name: basename(target),
    path,
    size: found.size,
    is_dir: found.isDirectory(),
    modified_at: found.mtime.toISOString(),
  }
}

const REASONS = { ENOENT: 'does not exist', ENOTDIR: 'is not a folder', EISDIR: 'is a folder' }

/** @template T @param {() => Promise<T>} action @returns {Promise<T>} */
async function attempt(path, action) {
  try {
    return await action()
  } catch (error) {
    if (error.code === 'ENOENT') throw notFound(`${path} does not exist`)
    throw badRequest(`${path} ${REASONS[error.code] ?? `cannot be used (${error.code})`}`)
  }
}
