/**
 * One method, so many calls abreast, each of which is followed by the next: how many a second, how long each takes,
 * and what they cost.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

import { callOf } from './calls.mjs'
import { threadMicroseconds } from './main-thread.mjs'

/** More than any candidate makes in the time of one measure; what is beyond is not in the percentiles. */
const KEPT = 1_000_000

const DELAY_RESOLUTION_MILLISECONDS = 1

export async function run({ method, abreast, warmUpSeconds, seconds, delaySeconds, config }, candidate) {
  const { open } = await candidate()
  const call = callOf(open(config), method)
  await call()
  await drive(call, abreast, warmUpSeconds)

  const [loop, cpu, thread] = [performance.eventLoopUtilization(), process.cpuUsage(), threadMicroseconds()]
  const { calls, elapsedSeconds, times } = await drive(call, abreast, seconds)
  const used = process.cpuUsage(cpu)
  const active = performance.eventLoopUtilization(loop).active
  const threadUsed = threadMicroseconds() - thread

  times.sort()
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] * 1000
  return {
    calls,
    perSecond: calls / elapsedSeconds,
    p50Microseconds: at(0.5),
    p99Microseconds: at(0.99),
    loopActiveMicroseconds: (active * 1000) / calls,
    mainThreadMicroseconds: threadUsed / calls,
    otherThreadsMicroseconds: (used.user + used.system - threadUsed) / calls,
    processMicroseconds: (used.user + used.system) / calls,
    ...(delaySeconds > 0 && (await delays(call, abreast, delaySeconds))),
  }
}

/** Apart from the rest, because the watch costs main-thread time of its own. */
async function delays(call, abreast, seconds) {
  const histogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MILLISECONDS })
  histogram.enable()
  await drive(call, abreast, seconds)
  histogram.disable()
  // What is recorded is the time between two looks, the wait that was asked for included.
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MILLISECONDS)
  return { delayP99Milliseconds: late(histogram.percentile(99)), delayMaxMilliseconds: late(histogram.max) }
}

async function drive(call, abreast, seconds) {
  const kept = new Float64Array(KEPT)
  let calls = 0
  const began = performance.now()
  const until = began + seconds * 1000
  const one = async () => {
    for (let before = performance.now(); before < until;) {
      await call()
      const after = performance.now()
      if (calls < KEPT) kept[calls] = after - before
      calls += 1
      before = after
    }
  }
  await Promise.all(Array.from({ length: abreast }, one))
  const elapsedSeconds = (performance.now() - began) / 1000
  return { calls, elapsedSeconds, times: kept.subarray(0, Math.min(calls, KEPT)) }
}
