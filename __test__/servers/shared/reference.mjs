import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/**
 * Returns a function that loads a provider's own document, once per process; it returns `undefined` if the file is
 * missing. Such a document may not be published with this repository, so it is beside the checkout or missing.
 *
 * @template T
 * @param {string} name of the file
 * @param {(content: Buffer) => T} read
 * @returns {() => Promise<T> | undefined}
 */
export function reference(name, read) {
  const file = new URL(`../../../../shared/reference/${name}`, import.meta.url)
  let loading
  return () => (existsSync(file) ? (loading ??= readFile(file).then(read)) : undefined)
}
