// Runs cases of the fuzz, many at once.
import * as addon from '@computesdk/gateway'

import '../support/environment.mjs'
import { createLimit } from '../chaos/limit.mjs'
import { watchEvents } from '../support/event-watch.mjs'
import { withFastClock } from '../support/fast-clock.mjs'
import { createAnswerFuzz } from './answers.mjs'
import { END, END_OF_VARIABLE } from './invariants.mjs'
import { record } from './recordings.mjs'

/** How many cases work at once, and how many are under way with those that only wait. */
const AT_ONCE = 16
const UNDER_WAY = 128

/** So fast that a create whose answer is lost is settled in a fraction of a second. */
const SPEED = 50

/** From this share of the cases on, the calls have subscribers. */
const WATCHED_FROM = 3 / 4

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {number | number[]} options.numbers of the cases, or how many
 * @param {(text: string) => void} [options.trace]
 */
export async function runAnswers({ seed, numbers, trace }) {
  const { addon: fastAddon } = withFastClock(SPEED)
  const fuzz = await createAnswerFuzz({ recordings: await recordings(), addon, fastAddon, seed, trace })
  const counts = {}
  // A watched call goes another way than one that is not watched: the last quarter of the cases goes it.
  let watch
  const milliseconds = await runAll(numbers, async (number, onSlow) => {
    if (number >= numbers * WATCHED_FROM) watch ??= watchEvents([END, END_OF_VARIABLE])
    const { provider, operation, requests, outcome } = await fuzz.run(number, onSlow)
    for (const name of [`${provider}.${operation}`, outcome]) counts[name] = (counts[name] ?? 0) + 1
    counts.requests = (counts.requests ?? 0) + requests
  })
  await fuzz.close()
  watch?.stop()
  return { violations: fuzz.violations, counts: { ...counts, events: watch?.count() ?? 0 }, milliseconds }
}

let recorded
/** The recordings, made once. */
export const recordings = () => (recorded ??= record())

async function runAll(numbers, run) {
  // Half of the time would go into stacks that no test reads.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const all = Array.isArray(numbers) ? numbers : Array.from({ length: numbers }, (_, number) => number)
  const began = performance.now()
  const working = createLimit(AT_ONCE)
  const underWay = createLimit(UNDER_WAY)
  const runOne = async (number) => {
    let ended
    await working(() => new Promise((resolve) => (ended = run(number, resolve).finally(resolve))))
    await ended
  }
  await Promise.all(all.map((number) => underWay(() => runOne(number))))
  Error.stackTraceLimit = stackTraceLimit
  return performance.now() - began
}
