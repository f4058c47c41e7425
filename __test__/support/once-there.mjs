import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MILLISECONDS = 20

/**
 * Asks again and again until the answer is truthy. For facts in another process, such as a database; `eventually` is for
 * those in this one.
 *
 * @template T
 * @param {() => Promise<T>} ask
 * @param {string} what for the error when it never comes true
 * @returns {Promise<T>}
 */
export async function onceThere(ask, what, milliseconds = 10_000) {
  for (const end = performance.now() + milliseconds; ; await sleep(LOOK_MILLISECONDS)) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`)
  }
}
