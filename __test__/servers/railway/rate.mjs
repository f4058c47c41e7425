/**
 * Creates a rate window, and its headers (docs/providers/railway.md). No source has the form of `X-RateLimit-Reset`, so
 * both usual forms are options.
 *
 * @param {{ limit?: number, windowMilliseconds?: number, resetFormat?: 'iso' | 'epoch-seconds' }} options
 * @param {() => number} now
 */
export function createRateLimit({ limit = 10_000, windowMilliseconds = 3_600_000, resetFormat = 'iso' } = {}, now) {
  let used = 0
  let resetsAt = now() + windowMilliseconds
  const roll = () => {
    if (now() < resetsAt) return
    used = 0
    resetsAt = now() + windowMilliseconds
  }
  return {
    /** Counts one request. @returns {boolean} whether it is allowed */
    take() {
      roll()
      used += 1
      return used <= limit
    },
    headers: () => ({
      'X-RateLimit-Limit': String(limit),
      'X-RateLimit-Remaining': String(Math.max(0, limit - used)),
      'X-RateLimit-Reset':
        resetFormat === 'iso' ? new Date(resetsAt).toISOString() : String(Math.ceil(resetsAt / 1000)),
    }),
    retryAfterSeconds: () => Math.max(1, Math.ceil((resetsAt - now()) / 1000)),
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
