// The client under test: the addon with a fast clock, or the naive client.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'

import { Failure } from '../../scripts/lib/failure.mjs'
import { TEST_HOOKS_ADDON } from '../../scripts/lib/paths.mjs'
import { createNaiveProvider } from './naive.mjs'
import { PLAIN_APIS } from './plain-apis.mjs'
import { TIMEOUTS } from './plan.mjs'

const require = createRequire(import.meta.url)

/** Returns the path of the addon with test hooks; GATEWAY_ADDON names another build of it. */
export const addonPath = () => process.env.GATEWAY_ADDON || TEST_HOOKS_ADDON

/**
 * @param {object} options
 * @param {boolean} options.naive
 * @param {import('./harness.mjs').ChaosProvider} options.provider
 * @param {number} options.speed
 * @returns {(config: object) => object} the factory
 */
export function loadClient({ naive, provider, speed }) {
  if (naive) {
    const createApi = PLAIN_APIS[provider.factory]
    return (config) => createNaiveProvider(createApi(config, TIMEOUTS.read / speed), speed)
  }
  const path = addonPath()
  if (!existsSync(path)) throw new Failure(`No addon at ${path}. Build it with: npm run build:test-hooks`)
  const addon = require(path)
  if (typeof addon.__setClockSpeed !== 'function') throw new Failure(`The addon at ${path} has no test hooks.`)
  addon.__setClockSpeed(speed)
  return addon[provider.factory]
}
