import { RateWindows } from '../shared/rate-windows.mjs'

/**
 * Creates a rate window (docs/providers/railway.md). No source has the form of `X-RateLimit-Reset`.
 *
 * @param {{ limit?: number, windowMilliseconds?: number }} options
 * @param {() => number} now
 */
export function createRateLimit({ limit = 10_000, windowMilliseconds = 3_600_000 } = {}, now) {
  const settingsOf = () => ({ limit, windowMilliseconds })
  const resetOf = ({ resetsAt }) => new Date(resetsAt).toISOString()
  return new RateWindows({ settingsOf, now, prefix: 'X-RateLimit', resetOf })
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
