// Creates at Railway that are refused in an answered 200: briefly looked into, and told in Railway's words.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { graphqlError } from './servers/railway/index.mjs'
import { eventually } from './support/eventually.mjs'
import { withFastClock } from './support/fast-clock.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

const when = 'serviceCreate'
const LOOKUP = 'project'

/** Recorded texts (docs/providers/railway.md): each came after the service had been made. */
const MISLEADING = ['ServiceInstance not found', 'Not Authorized', 'Environment not found', 'Deployment not found']
const UNLISTED = 'The moon is in the wrong phase'

describe('a refusal that hid an effect', { concurrency: true }, () => {
  for (const message of [...MISLEADING, UNLISTED]) {
    for (const [how, options] of Object.entries({ 'no name': {}, 'a key': { idempotencyKey: 'key' }, 'a name': { name: 'box' } })) {
      test(`${message}, with ${how}: the service is adopted`, async (t) => {
        const { provider, server, services, requestsFor } = await withRailway(t)
        server.faults.add({ ...graphqlError(message, { effect: true }), when })
        const { instanceId } = await provider.create(options)
        assert.deepEqual(services().map(({ id }) => id), [instanceId])
        assert.equal(requestsFor(when).length, 1)
      })
    }
  }

  test('and whose service cannot be completed: it is removed', async (t) => {
    const { provider, server, services } = await withRailway(t, { server: { plan: ['FAILED'] } })
    server.faults.add({ ...graphqlError('ServiceInstance not found', { effect: true }), when })
    await rejection(provider.create({ waitUntilReady: true }), { code: 'PROVISION_FAILED', message: /removed again/ })
    assert.deepEqual(services(), [])
  })
})

describe('a refusal without an effect', { concurrency: true }, () => {
  const rows = { [UNLISTED]: 'UNAVAILABLE', 'Environment not found': 'NOT_FOUND', 'Not Authorized': 'PERMISSION_DENIED' }
  for (const [message, code] of Object.entries(rows)) {
    test(`${message}: two lookups, no second request, and its words`, async (t) => {
      const { provider, server, requestsFor } = await withRailway(t)
      server.faults.add({ ...graphqlError(message), when, times: Infinity })
      const before = requestsFor(LOOKUP).length
      const began = performance.now()
      await rejection(provider.create(), { code, message: `Failed to create Railway instance: ${message}`, resourceName: /^computesdk-/ })
      assert.ok(performance.now() - began < 10_000)
      assert.equal(requestsFor(when).length, 1)
      assert.equal(requestsFor(LOOKUP).length - before, 2)
    })
  }
})

test('a service that a refused create made and no lookup showed is removed when reads no longer lag', async (t) => {
  const { addon, real } = withFastClock()
  const { config, world, server, services } = await withRailway(t)
  world.lag = { ...world.lag, milliseconds: real(20_000) }
  server.faults.add({ ...graphqlError('ServiceInstance not found', { effect: true }), when })
  await rejection(addon.railway(config).create(), { code: 'NOT_FOUND', resourceName: /^computesdk-/ })
  assert.equal(services().length, 1)
  await eventually(() => services().length === 0, 'it is removed', 20_000)
})
