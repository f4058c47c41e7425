// Rate limits: windows per team, and their headers.
import { RateWindows } from '../shared/rate-windows.mjs'
import { rateLimited } from './errors.mjs'

/**
 * Recorded on a Hobby plan: 20 with a reset in 2 to 4 s, 1000 a minute for other requests (docs/providers/vercel.md).
 */
const DEFAULTS = {
  create: { limit: 20, windowMilliseconds: 3000 },
  delete: { limit: 20, windowMilliseconds: 3000 },
  other: { limit: 1000, windowMilliseconds: 60_000 },
}

/**
 * Creates the windows of requests per team and bucket. Every answer has their headers.
 *
 * @typedef {{ limit?: number, windowMilliseconds?: number }} Bucket
 *
 * @param {object} options
 * @param {number} [options.limit] of all three buckets
 * @param {Bucket} [options.create]
 * @param {Bucket} [options.delete]
 * @param {Bucket} [options.other]
 * @param {boolean} [options.retryAfter] a refusal has `Retry-After`, too, in seconds; not known
 * @param {() => number} now
 */
export function createRateLimits({ limit, retryAfter = false, ...buckets } = {}, now) {
  const settingsOf = (bucket) => ({ ...DEFAULTS[bucket], ...(limit !== undefined && { limit }), ...buckets[bucket] })
  const resetOf = ({ resetsAt }) => Math.ceil(resetsAt / 1000)
  const windows = new RateWindows({ settingsOf, now, prefix: 'x-ratelimit', resetOf })
  return {
    /** Counts a request. Throws if the limit is reached. */
    take(bucket, team) {
      if (windows.take(bucket, team)) return
      const state = windows.state(bucket, team)
      const extra = { limit: { total: state.limit, remaining: 0, reset: resetOf(state) } }
      throw rateLimited(extra, retryAfter ? { 'retry-after': state.retryAfter } : undefined)
    },
    headers: (bucket, team) => windows.headers(bucket, team),
  }
}
