// The client under test: the addon with a fast clock, or the naive client.
import { setTimeout as sleep } from 'node:timers/promises'

import { withFastClock } from '../support/fast-clock.mjs'
import { PLAIN_APIS } from './plain-apis.mjs'
import { TIMEOUTS } from './plan.mjs'

/** Of the naive client. */
const ATTEMPTS = 4
const FIRST_WAIT_MILLISECONDS = 200

/**
 * @param {object} options
 * @param {boolean} options.naive
 * @param {import('./harness.mjs').ChaosProvider} options.provider
 * @param {number} options.speed
 * @returns {(config: object) => object} the factory
 */
export function loadClient({ naive, provider, speed }) {
  if (!naive) return withFastClock(speed).addon[provider.factory]
  const createApi = PLAIN_APIS[provider.factory]
  return (config) => createNaiveProvider(createApi(config, TIMEOUTS.read / speed), speed)
}

/**
 * Makes a client of a plain API that retries blindly: it sends a create without a handle, sends it again after any
 * failure, and its destroy resolves in any case. The fault tests must find violations in it; otherwise they prove
 * nothing.
 */
function createNaiveProvider(api, speed) {
  const repeat = async (work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        if (attempt === ATTEMPTS) throw error
        await sleep((FIRST_WAIT_MILLISECONDS * 2 ** attempt) / speed)
      }
    }
  }
  return {
    create: async (options) => ({ instanceId: await repeat(() => api.create(options)) }),
    getById: (id) => repeat(() => api.get(id)),
    list: () => repeat(() => api.list()),
    // Gateway 0.3.24 printed a warning, and resolved.
    destroy: (id) => repeat(() => api.delete(id)).catch(() => {}),
  }
}
