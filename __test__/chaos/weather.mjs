// Which fault the n-th request of an operation meets: settled by the seed alone, not by the order in which the
// requests of different callers arrive.
import { chance, derive, randomFor } from './seeds.mjs'

/** More in a row of one operation would be an outage, which is what `blackout` is for. */
const LONGEST_RUN = 4

/** After one request that took the client's whole patience, so many of its operation do not. */
const SLOW_PAUSE = 3

/**
 * The weather over one caller's credential.
 *
 * @param {object} options
 * @param {number} options.seed
 * @param {import('./plan.mjs').Climate} options.climate
 * @param {import('./faults.mjs').Kind[]} options.kinds
 * @param {(operation: string) => import('./faults.mjs').Circumstances} options.about
 * @param {(operation: string) => boolean} [options.isRead] for a sluggish climate
 */
export function createWeather({ seed, climate, kinds, about, isRead }) {
  const streams = new Map()
  let dark = false

  const streamOf = (operation) => {
    if (!streams.has(operation)) streams.set(operation, { count: 0, run: 0, sinceSlow: SLOW_PAUSE })
    return streams.get(operation)
  }

  const kindFor = (operation, stream, random) => {
    if (climate.type === 'blackout') {
      if (dark) return random.pick(kinds.filter(({ blind }) => blind))
      if (operation !== climate.operation) return undefined
      dark = true
      return named(climate.kind)
    }
    if (climate.type === 'sluggish') {
      if (isRead(operation)) return chance(random, 0.7) ? named('stale when it comes') : undefined
      return operation === climate.operation && stream.count === 1 ? named(climate.kind) : undefined
    }
    if (climate.type === 'aimed') {
      const hit = operation === climate.operation && stream.count > climate.skip && stream.count <= climate.skip + climate.times
      return hit ? named(climate.kind) : undefined
    }
    if (stream.run >= LONGEST_RUN || !chance(random, climate.rate)) return undefined
    const fitting = kinds.filter(
      (kind) =>
        (kind.fits?.(operation) ?? true) &&
        !(kind.drastic && !climate.drastic) &&
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
      const random = randomFor(derive(seed, 'weather'), operation, stream.count)
      const kind = kindFor(operation, stream, random)
      stream.run = kind ? stream.run + 1 : 0
      stream.sinceSlow = kind?.slow ? 0 : stream.sinceSlow + 1
      return kind && { name: kind.name, fault: kind.make(random, about(operation)) }
    },
  }
}
