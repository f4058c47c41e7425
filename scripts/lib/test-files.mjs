import { join } from 'node:path'

import { filesBelow } from './files.mjs'
import { ROOT } from './paths.mjs'

/** The files of the Node tests, with one of these words in their paths. @param {string[]} [words] */
export async function testFiles(words = []) {
  const files = await filesBelow(join(ROOT, '__test__'))
  return files
    .filter((file) => /\.test\.(mjs|cjs|js)$/.test(file))
    .map((file) => `__test__/${file}`)
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
}
