// The addon with a clock that runs so fast that a create whose answer is lost is settled in a fraction of a second.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

import { addonPath } from '../chaos/client.mjs'
import '../support/environment.mjs'

const SPEED = 50

/** @returns {Record<string, (config: object) => any>} */
export function loadFastAddon() {
  const path = addonPath()
  assert.ok(existsSync(path), 'the test build is missing: run `npm run build:test-hooks`')
  const addon = createRequire(import.meta.url)(path)
  addon.__setClockSpeed(SPEED)
  return addon
}
