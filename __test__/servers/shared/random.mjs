import { randomBytes } from 'node:crypto'

/**
 * Creates a generator of pseudo-random numbers, so that a seed repeats a failed run. It is mulberry32, with 32 bits of
 * state: good enough for tests only.
 *
 * @param {number} [seed] default: random, so that two servers share no ids
 */
export function createRandom(seed = randomBytes(4).readUInt32LE()) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const integer = (bound) => Math.floor(next() * bound)
  const text = (alphabet, length) => Array.from({ length }, () => alphabet[integer(alphabet.length)]).join('')
  const hex = (length) => text('0123456789abcdef', length)
  return {
    seed: seed >>> 0,
    next,
    integer,
    text,
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => list[integer(list.length)],
    /** A version 4 UUID. */
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[integer(4)]}${hex(3)}-${hex(12)}`,
  }
}
