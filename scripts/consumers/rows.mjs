// The consumers, in the order in which they are checked. Each returns what was done, and the versions of the tools.
import { Failure } from '../lib/failure.mjs'
import { BUNDLERS } from './bundlers.mjs'
import { CONTAINERS } from './containers.mjs'
import { FUNCTIONS } from './functions.mjs'
import { NEXT } from './next.mjs'
import { COMPILERS } from './typescript.mjs'

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {(shop: import('./workshop.mjs').Workshop) => Promise<{ version: string, did: string }>} check
 */

/** @type {Row[]} */
export const ROWS = [...COMPILERS, ...BUNDLERS, ...NEXT, ...FUNCTIONS, ...CONTAINERS]

/** Returns the rows whose names begin with one of these words; without words, all. */
export function select(words) {
  const known = ROWS.map(({ name }) => name).join(', ')
  const unknown = words.find((word) => !ROWS.some(({ name }) => name.startsWith(word)))
  if (unknown) throw new Failure(`unknown: ${unknown} (known: ${known})`, 2)
  return ROWS.filter(({ name }) => words.length === 0 || words.some((word) => name.startsWith(word)))
}
