// Functions that the fixtures of all providers share.
import assert from 'node:assert/strict'

import './environment.mjs'
import { canary, printable } from './canary.mjs'

let secrets = 0

/**
 * Makes a secret that no other fixture has. The package remembers rate limits and instances by address and credential,
 * and the address of a closed server may come again.
 */
export function uniqueCanary(name) {
  secrets += 1
  return canary(`${name}-${process.pid}-${secrets}`)
}

/**
 * Returns a function that starts a fixture, and closes it when the test ends.
 *
 * @template Options, Fixture
 * @param {(options?: Options) => Promise<Fixture & { close: () => Promise<void> }>} start
 * @returns {(t: import('node:test').TestContext, options?: Options) => Promise<Fixture>}
 */
export const closedAfterTest = (start) => async (t, options) => {
  const fixture = await start(options)
  t.after(fixture.close)
  return fixture
}

/** Returns calls of the four methods; those that take an id, with this one. */
export const callsOf = (id) => ({
  create: (provider, options) => provider.create(options),
  getById: (provider, options) => provider.getById(id, options),
  list: (provider, options) => provider.list(options),
  destroy: (provider, options) => provider.destroy(id, options),
})

/**
 * Makes a fixture. Its provider does not retry, so that what a test makes fail stays failed. `close` fails if the server
 * has failed, or has refused a request that a client of ours may not send.
 *
 * @param {object} options
 * @param {object} options.server
 * @param {(config: object) => object} options.factory
 * @param {object} options.base the provider's configuration
 * @param {object} [options.config] the test's changes of it
 */
export function createFixture({ server, factory, base, config: changes }) {
  const config = { ...base, maxRetries: 0, ...changes }
  const makeProvider = (further) => factory({ ...config, ...further })
  return {
    server,
    world: server.world,
    config,
    provider: makeProvider(),
    makeProvider,
    /** Returns the operations of the requests, in order. */
    asked: () => server.requests.map(({ operation }) => operation),
    /** Returns the requests of one operation. */
    requestsFor: (wanted) => server.requests.filter(({ operation }) => operation === wanted),
    async close() {
      await server.close()
      assert.equal(server.errors.length, 0, `the fake server failed: ${printable(server.errors)}`)
      const { violations = [] } = server
      assert.equal(violations.length, 0, `against the provider's API: ${printable(violations)}`)
    },
  }
}
