import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

import { ROOT } from './paths.mjs'

/** The files of the Node tests, with one of these words in their paths. @param {string[]} [words] */
export async function testFiles(words = []) {
  const entries = await readdir(join(ROOT, '__test__'), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.test\.(mjs|cjs|js)$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath ?? entry.path, entry.name)).replaceAll(sep, '/'))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
}
