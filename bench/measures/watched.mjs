/**
 * What the diagnostics channels cost JavaScript's thread, per call: with subscribers to all of them, and with one that reads the
 * location at the start, each as the difference between turns with and without that alternate in one process; and without a
 * subscriber, as the flags that a call asks: in a process that has never had one, and in one whose subscribers have left, where
 * V8 sees channels of two kinds.
 */
import diagnosticsChannel from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'

import { median } from '../lib/statistics.mjs'
import { callOf } from './calls.mjs'
import { threadMicroseconds } from './main-thread.mjs'

const CALLS = ['create', 'getById', 'list', 'destroy']
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

/** Checks in one turn: they cost nanoseconds. */
const CHECKS = 1_000_000

const require = createRequire(import.meta.url)

export async function run({ abreast, turns, turnSeconds, config }, candidate) {
  const { open } = await candidate()
  const call = callOf(open(config), 'create')
  const look = checksOf()
  const samples = { plain: [], watched: [], reading: [], check: [], checkAfterwards: [] }
  // The first warms up.
  look()
  for (let turn = 0; turn < turns; turn += 1) samples.check.push(look())
  for (let turn = 0; turn <= turns; turn += 1) {
    const plain = await cost(call, abreast, turnSeconds)
    const unsubscribe = subscribeAll()
    const watched = await cost(call, abreast, turnSeconds)
    unsubscribe()
    const stopReading = subscribeAll(({ location }) => location)
    const reading = await cost(call, abreast, turnSeconds)
    stopReading()
    // The first turn warms up.
    if (turn === 0) continue
    samples.plain.push(plain)
    samples.watched.push(watched)
    samples.reading.push(reading)
    samples.checkAfterwards.push(look())
  }
  const plain = median(samples.plain)
  const more = (turns) => median(turns.map((cost, turn) => cost - samples.plain[turn]))
  const check = median(samples.check)
  return {
    mainThreadMicroseconds: plain,
    watchedMicroseconds: more(samples.watched),
    readingMicroseconds: more(samples.reading),
    checkNanoseconds: check * 1000,
    checkAfterwardsNanoseconds: median(samples.checkAfterwards) * 1000,
    checkPercent: (check / plain) * 100,
  }
}

/** Returns what a call costs JavaScript's thread. */
async function cost(call, abreast, seconds) {
  const until = performance.now() + seconds * 1000
  const before = threadMicroseconds()
  let calls = 0
  const one = async () => {
    while (performance.now() < until) {
      await call()
      calls += 1
    }
  }
  await Promise.all(Array.from({ length: abreast }, one))
  return (threadMicroseconds() - before) / calls
}

/** Makes the function that measures what a call without a subscriber asks. */
function checksOf() {
  const { makeDiagnostics } = require('../../src/node/diagnostics.js')
  const diagnostics = makeDiagnostics(diagnosticsChannel)
  return () => {
    const before = threadMicroseconds()
    let watched = 0
    for (let index = 0; index < CHECKS; index += 1) if (diagnostics.watches(CALLS[index & 3])) watched += 1
    if (watched > 0) throw new Error('a subscriber is left')
    return (threadMicroseconds() - before) / CHECKS
  }
}

/** Subscribes to all channels, and returns what undoes it. `take` gets the messages. */
function subscribeAll(take = () => {}) {
  const { CHANNELS } = require('../../index.js')
  let messages = 0
  const note = (message) => {
    messages += 1
    take(message)
  }
  const channels = Object.entries(CHANNELS).flatMap(([name, channel]) =>
    CALLS.includes(name) ? PARTS.map((part) => `tracing:${channel}:${part}`) : [channel],
  )
  for (const channel of channels) diagnosticsChannel.subscribe(channel, note)
  return () => {
    if (messages === 0) throw new Error('no subscriber was told anything')
    for (const channel of channels) diagnosticsChannel.unsubscribe(channel, note)
  }
}
