// Rate limits: windows per team, and their headers.
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
  const windows = new Map()
  const windowOf = (bucket, team) => {
    const key = `${bucket} ${team ?? ''}`
    const settings = { ...DEFAULTS[bucket], ...(limit !== undefined && { limit }), ...buckets[bucket] }
    let window = windows.get(key)
    if (!window || now() >= window.resetsAt) {
      window = { used: 0, limit: settings.limit, resetsAt: now() + settings.windowMilliseconds }
      windows.set(key, window)
    }
    return window
  }
  const seconds = ({ resetsAt }) => Math.ceil(resetsAt / 1000)
  const left = (window) => Math.max(0, window.limit - window.used)

  return {
    /** Counts a request. Throws if the limit is reached. */
    take(bucket, team) {
      const window = windowOf(bucket, team)
      window.used += 1
      if (window.used <= window.limit) return
      const wait = Math.max(1, Math.ceil((window.resetsAt - now()) / 1000))
      const extra = { limit: { total: window.limit, remaining: 0, reset: seconds(window) } }
      throw rateLimited(extra, retryAfter ? { 'retry-after': String(wait) } : undefined)
    },
    headers(bucket, team) {
      const window = windowOf(bucket, team)
      return {
        'x-ratelimit-limit': String(window.limit),
        'x-ratelimit-remaining': String(left(window)),
        'x-ratelimit-reset': String(seconds(window)),
      }
    },
  }
}
