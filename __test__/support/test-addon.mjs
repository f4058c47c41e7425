// The addon of the tests, whose clock can run fast. `npm run build:test-hooks` makes it.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

import { Failure } from '../../scripts/lib/failure.mjs'
import { TEST_HOOKS_ADDON } from '../../scripts/lib/paths.mjs'

/** Returns the path of the addon with test hooks; GATEWAY_ADDON names another build of it. */
export const addonPath = () => process.env.GATEWAY_ADDON || TEST_HOOKS_ADDON

/** @returns {Record<string, any>} its factories, and the hooks */
export function loadTestAddon() {
  const path = addonPath()
  if (!existsSync(path)) throw new Failure(`No addon at ${path}. Build it with: npm run build:test-hooks`)
  const addon = createRequire(import.meta.url)(path)
  if (typeof addon.__setClockSpeed !== 'function') throw new Failure(`The addon at ${path} has no test hooks.`)
  return addon
}
