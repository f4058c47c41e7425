import { createHash } from 'node:crypto'

import { createRandom } from '../servers/shared/random.mjs'

/** Derives a seed from a seed and labels. */
export function derive(seed, ...labels) {
  return createHash('sha256').update([seed, ...labels].join('\0')).digest().readUInt32LE()
}

/** Creates a generator for one purpose, so that a new decision does not change those of other purposes. */
export const randomFor = (seed, ...labels) => createRandom(derive(seed, ...labels))

/** Returns a whole number from `low` to `high`. */
export const between = (random, low, high) => low + random.integer(high - low + 1)

export const chance = (random, share) => random.next() < share

/**
 * Returns a value of the table, chosen by weight.
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
