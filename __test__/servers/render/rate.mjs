import { RateWindows } from '../shared/rate-windows.mjs'

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
  const settingsOf = (name) => ({ limit: settings.limits[name], windowMilliseconds: WINDOWS[name] })
  // The remaining seconds, against the documentation. For a minute 0 to 59 are recorded, so at 0 a window may last up
  // to a second longer.
  const resetOf = ({ resetsAt, left }) =>
    settings.resetFormat === 'delay' ? Math.ceil(left / 1000) - 1 : Math.ceil(resetsAt / 1000)
  return new RateWindows({ settingsOf, now, prefix: 'Ratelimit', resetOf })
}
