// The addon with a clock that runs fast, for what takes longer than a test may. `npm run build:test-hooks` makes it.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

import { addonPath } from '../chaos/client.mjs'

/**
 * How many times as fast: a busy machine that stands still for a second makes it a while for the addon, too, so no test
 * may depend on less than that.
 */
const SPEED = 25

/**
 * @returns {{ addon: Record<string, (config: object) => any>, real: (milliseconds: number) => number }} `addon`: its
 *   factories; `real`: what so much of its time is on this machine's clock
 */
export function withFastClock() {
  const path = addonPath()
  assert.ok(existsSync(path), 'the test build is missing: run `npm run build:test-hooks`')
  const addon = createRequire(import.meta.url)(path)
  addon.__setClockSpeed(SPEED)
  return { addon, real: (milliseconds) => milliseconds / SPEED }
}
