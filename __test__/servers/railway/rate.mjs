import { RateWindows } from '../shared/rate-windows.mjs'

/**
 * Creates a rate window, and its headers (docs/providers/railway.md). No source has the form of `X-RateLimit-Reset`, so
 * both usual forms are options.
 *
 * @param {{ limit?: number, windowMilliseconds?: number, resetFormat?: 'iso' | 'epoch-seconds' }} options
 * @param {() => number} now
 */
export function createRateLimit({ limit = 10_000, windowMilliseconds = 3_600_000, resetFormat = 'iso' } = {}, now) {
  const windows = new RateWindows(() => ({ limit, windowMilliseconds }), now)
  const showReset = (at) => (resetFormat === 'iso' ? new Date(at).toISOString() : String(Math.ceil(at / 1000)))
  return {
    /** Counts one request. @returns {boolean} whether it is allowed */
    take: () => windows.take(),
    retryAfter: () => windows.state().retryAfter,
    headers() {
      const state = windows.state()
      return {
        'X-RateLimit-Limit': String(state.limit),
        'X-RateLimit-Remaining': String(state.remaining),
        'X-RateLimit-Reset': showReset(state.resetsAt),
      }
    },
  }
}

/**
 * Creates the edge's limit: so many requests in any second; refused ones do not count.
 *
 * @param {number} [limit] default: none
 * @param {() => number} now
 * @returns {{ take: () => boolean }} whether a request is admitted
 */
export function createEdgeLimit(limit = Infinity, now) {
  let admitted = []
  return {
    take() {
      const from = now() - 1_000
      admitted = admitted.filter((at) => at > from)
      if (admitted.length >= limit) return false
      admitted.push(now())
      return true
    },
  }
}
