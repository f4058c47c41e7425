// The addon with a clock that runs fast, for tests of long waits.
import { loadTestAddon } from './test-addon.mjs'

/**
 * How many times as fast the clock runs. If a busy machine stops for half a second, that is 6 s for the addon, less
 * than the 8 s after which a create counts as hanging.
 */
const SPEED = 12

/**
 * @param {number} [speed]
 * @returns {{ addon: Record<string, (config: object) => any>, real: (milliseconds: number) => number }} `addon`: its
 *   factories; `real`: converts its time to this machine's
 */
export function withFastClock(speed = SPEED) {
  const addon = loadTestAddon()
  addon.__setClockSpeed(speed)
  return { addon, real: (milliseconds) => milliseconds / speed }
}
