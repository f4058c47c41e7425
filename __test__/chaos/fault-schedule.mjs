// Decides which fault the n-th request of an operation meets. It depends on the seed alone, not on the order in which
// the requests of different callers arrive.
import { chance, derive, randomFor } from './seeds.mjs'

/** The most faults in a row of one operation. More would be an outage, for which there is `blackout`. */
const LONGEST_RUN = 4

/** How many requests of an operation are not slow after one that lasted until the client's time-out. */
const SLOW_PAUSE = 3

/**
 * Creates the fault schedule of one caller's credential.
 *
 * @param {object} options
 * @param {number} options.seed
 * @param {import('./plan.mjs').FaultProfile} options.profile
 * @param {import('./harness.mjs').ChaosProvider} options.provider
 * @param {(operation: string) => import('./faults.mjs').Circumstances} options.about
 */
export function createFaultSchedule({ seed, profile, provider: { kinds, operations }, about }) {
  const streams = new Map()
  let isBlackout = false

  const streamOf = (operation) => {
    if (!streams.has(operation)) streams.set(operation, { count: 0, run: 0, sinceSlow: SLOW_PAUSE })
    return streams.get(operation)
  }

  const kindFor = (operation, stream, random) => {
    if (profile.type === 'blackout') {
      if (isBlackout) return random.pick(kinds.filter(({ uninformative }) => uninformative))
      if (operation !== profile.operation) return undefined
      isBlackout = true
      return named(profile.kind)
    }
    if (profile.type === 'stale-reads') {
      if (!operations[operation].effect) return chance(random, 0.7) ? named('stale response') : undefined
      return operation === profile.operation && stream.count === 1 ? named(profile.kind) : undefined
    }
    if (profile.type === 'targeted') {
      const { operation: target, skip, times } = profile
      const hit = operation === target && stream.count > skip && stream.count <= skip + times
      return hit ? named(profile.kind) : undefined
    }
    if (stream.run >= LONGEST_RUN || !chance(random, profile.rate)) return undefined
    const fitting = kinds.filter(
      (kind) =>
        (kind.fits?.(operation) ?? true) &&
        !(kind.longThrottle && !profile.longThrottle) &&
        !(kind.slow && stream.sinceSlow < SLOW_PAUSE),
    )
    return random.pick(fitting)
  }

  const named = (name) => kinds.find((kind) => kind.name === name)

  return {
    /** @returns {{ name: string, fault: import('../servers/shared/faults.mjs').Fault } | undefined} */
    next(operation) {
      const stream = streamOf(operation)
      stream.count += 1
      // A label is a part of every seed: another word would change what all recorded seeds do.
      const random = randomFor(derive(seed, 'weather'), operation, stream.count)
      const kind = kindFor(operation, stream, random)
      stream.run = kind ? stream.run + 1 : 0
      stream.sinceSlow = kind?.slow ? 0 : stream.sinceSlow + 1
      return kind && { name: kind.name, fault: kind.make(random, about(operation)) }
    },
  }
}
