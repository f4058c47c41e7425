import assert from 'node:assert/strict'

import { render } from '@computesdk/gateway'

import './environment.mjs'
import { startRenderServer } from '../servers/render/index.mjs'
import { API_KEY, canary, printable } from './canary.mjs'

/** Of the right form, and of nothing. */
export const ABSENT_ID = 'srv-00000000000000000000'

/**
 * A Render server with two workspaces that one key reaches, and a provider for the first. At the test's end the server
 * is closed and must have seen nothing that a client of ours may not send.
 *
 * @param {import('node:test').TestContext} t
 * @param {object} [options]
 * @param {import('../servers/render/index.mjs').RenderOptions} [options.server]
 * @param {import('@computesdk/gateway').RenderConfig} [options.config] besides the defaults
 */
export async function withRender(t, options = {}) {
  const fixture = await startRender(options)
  t.after(fixture.close)
  return fixture
}

let fixtures = 0

/** The same; the caller closes it. */
export async function startRender({ server: serverOptions, config } = {}) {
  const server = await startRenderServer(serverOptions)
  const { world } = server
  const owner = world.createOwner({ name: 'sandboxes' })
  const otherOwner = world.createOwner({ name: 'website' })
  const owners = [owner, otherOwner]
  // The package remembers rate limits by address and key, and a port may come again: no two fixtures share a key.
  fixtures += 1
  const apiKey = world.addApiKey({ owners, key: canary(`api-key-${process.pid}-${fixtures}`) })
  world.addApiKey({ owners, key: API_KEY })
  // Without repetitions: what a test makes fail is to stay failed.
  const base = { apiKey, ownerId: owner.id, baseUrl: server.endpoint, maxRetries: 0 }
  const makeProvider = (changes) => render({ ...base, ...config, ...changes })

  return {
    server,
    world,
    owner,
    ownerId: owner.id,
    /** Reached by the same key, and no business of the provider's. */
    otherOwner,
    apiKey,
    config: { ...base, ...config },
    provider: makeProvider(),
    makeProvider,
    /** Names of what was asked of the server, in order. */
    asked: () => server.requests.map(({ operation }) => operation),
    /** The requests of one operation. */
    requestsFor: (operation) => server.requests.filter((request) => request.operation === operation),
    /** Services that exist in the provider's workspace. */
    services: () => world.liveServices(owner),
    async close() {
      await server.close()
      assert.equal(server.errors.length, 0, `the server failed: ${printable(server.errors)}`)
      assert.equal(server.violations.length, 0, `not for Render: ${printable(server.violations)}`)
    },
  }
}
