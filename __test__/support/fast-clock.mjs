// The addon with a clock that runs fast, for what takes longer than a test may. `npm run build:test-hooks` makes it.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

import { addonPath } from '../chaos/client.mjs'

/**
 * How many times as fast. A busy machine that stands still for half a second makes it 6 s for the addon, which still is
 * less than the 8 s after which a create counts as hanging.
 */
const SPEED = 12

/**
 * @param {number} [speed]
 * @returns {{ addon: Record<string, (config: object) => any>, real: (milliseconds: number) => number }} `addon`: its
 *   factories; `real`: what so much of its time is on this machine's clock
 */
export function withFastClock(speed = SPEED) {
  const path = addonPath()
  assert.ok(existsSync(path), 'the test build is missing: run `npm run build:test-hooks`')
  const addon = createRequire(import.meta.url)(path)
  addon.__setClockSpeed(speed)
  return { addon, real: (milliseconds) => milliseconds / speed }
}
