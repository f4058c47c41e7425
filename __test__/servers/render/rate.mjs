/**
 * How many requests a window admits, by the recorded headers (docs/providers/render.md). `service` is one window per
 * service, the others are one per user.
 */
export const LIMITS = { create: 20, service: 10, write: 100, read: 400 }

/** For tests that need more requests than an account may send. */
export const UNLIMITED = { create: 1e9, service: 1e9, write: 1e9, read: 1e9 }

const WINDOWS = { create: 3_600_000, service: 60_000, write: 60_000, read: 60_000 }

/**
 * @typedef {keyof typeof LIMITS} BucketName
 *
 * @param {{ limits: Record<BucketName, number>, resetFormat: 'delay' | 'epoch-seconds' }} settings read at each
 *   request, so that a test may change them
 * @param {() => number} now
 */
export function createRateLimits(settings, now) {
  const windows = new Map()

  function windowOf(name, subject) {
    const key = `${name} ${subject}`
    let window = windows.get(key)
    if (!window || now() >= window.resetsAt) {
      window = { used: 0, resetsAt: now() + WINDOWS[name] }
      windows.set(key, window)
    }
    return window
  }

  return {
    /** Counts one request. @returns {boolean} whether it is allowed */
    take(name, subject) {
      const window = windowOf(name, subject)
      window.used += 1
      return window.used <= settings.limits[name]
    },

    headers(name, subject) {
      const { used, resetsAt } = windowOf(name, subject)
      // The remaining seconds, against the documentation. For a minute 0 to 59 are recorded, so at 0 a window may last
      // up to a second longer.
      const left = Math.ceil((resetsAt - now()) / 1000) - 1
      return {
        'Ratelimit-Limit': String(settings.limits[name]),
        'Ratelimit-Remaining': String(Math.max(0, settings.limits[name] - used)),
        'Ratelimit-Reset': String(settings.resetFormat === 'delay' ? left : Math.ceil(resetsAt / 1000)),
      }
    },

    retryAfterSeconds: (name, subject) => Math.max(1, Math.ceil((windowOf(name, subject).resetsAt - now()) / 1000)),
  }
}
