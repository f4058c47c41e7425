// The client under test: the addon with a fast clock, or the naive client.
import { withFastClock } from '../support/fast-clock.mjs'
import { createNaiveProvider } from './naive.mjs'
import { PLAIN_APIS } from './plain-apis.mjs'
import { TIMEOUTS } from './plan.mjs'

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
  return withFastClock(speed).addon[provider.factory]
}
