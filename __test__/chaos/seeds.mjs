import { createHash } from 'node:crypto'

import { createRandom } from '../servers/shared/random.mjs'

/** A seed that depends on nothing but a seed and the names of what it is for. */
export function derive(seed, ...labels) {
  return createHash('sha256').update([seed, ...labels].join('\0')).digest().readUInt32LE()
}

/** A generator of its own for each purpose, so that one decision more does not shift all that follow. */
export const randomFor = (seed, ...labels) => createRandom(derive(seed, ...labels))

/** A whole number from `low` to `high`. */
export const between = (random, low, high) => low + random.integer(high - low + 1)

export const chance = (random, share) => random.next() < share

/**
 * Picks by weight.
 * @template T
 * @param {[number, T][]} table
 * @returns {T}
 */
export function weighted(random, table) {
  let rest = random.next() * table.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, value] of table) {
    rest -= weight
    if (rest < 0) return value
  }
  return table.at(-1)[1]
}
