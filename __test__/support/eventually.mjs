import { setTimeout as pause } from 'node:timers/promises'

/** Test files run side by side: without a pause, polling would take the processor from the others. */
const FIRST_PAUSE_MILLISECONDS = 1
const LONGEST_PAUSE_MILLISECONDS = 20

/** Settles as the promise does; if that takes longer, it resolves with `late`. */
export function within(milliseconds, promise, late) {
  const over = new AbortController()
  return Promise.race([promise, pause(milliseconds, late, { signal: over.signal })]).finally(() => over.abort())
}

/**
 * Polls until a fact holds that no event announces, such as a garbage collection, the end of a process or a row in a
 * database. Returns its first truthy value.
 *
 * @template T
 * @param {() => T | Promise<T>} fact
 * @param {string | Function} [what] for the error if the fact does not hold in time
 * @returns {Promise<T>}
 */
export async function eventually(fact, what = fact, milliseconds = 60_000) {
  const end = performance.now() + milliseconds
  for (let next = FIRST_PAUSE_MILLISECONDS; ; next = Math.min(1.5 * next, LONGEST_PAUSE_MILLISECONDS)) {
    const result = await fact()
    if (result) return result
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`)
    await pause(next)
  }
}
