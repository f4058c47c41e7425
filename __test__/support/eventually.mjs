import { setTimeout as pause } from 'node:timers/promises'

/** Files of tests run side by side: a loop without a pause would take the processor from the others. */
const PAUSE_MILLISECONDS = 1

/**
 * Looks again and again until a fact holds that nothing announces: a garbage collection, a socket's end.
 *
 * @template T
 * @param {() => T} fact
 * @param {string} what for the error when it never comes true
 * @returns {Promise<T>}
 */
export async function eventually(fact, what, milliseconds = 5000) {
  const end = performance.now() + milliseconds
  for (;;) {
    const result = fact()
    if (result) return result
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`)
    await pause(PAUSE_MILLISECONDS)
  }
}
