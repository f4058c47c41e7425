// `idempotencyKey` at Render: what the same key gives, and what another image under it is.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { canary } from './support/canary.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'

const LIVE = { server: { plan: ['live'] } }
const KEY = { idempotencyKey: 'sandbox-1' }

describe('the same key', () => {
  test('gives the same service, also with another credential', async (t) => {
    const { provider, makeProvider, world, owner, services } = await withRender(t)
    const { instanceId } = await provider.create(KEY)
    const apiKey = world.addApiKey({ owners: [owner], key: canary('rotated') })
    assert.equal((await makeProvider({ apiKey }).create(KEY)).instanceId, instanceId)
    assert.equal((await provider.create(KEY)).instanceId, instanceId)
    assert.equal(services().length, 1)
  })

  test('gives one service to callers at the same time', async (t) => {
    const { provider, services } = await withRender(t)
    const results = await Promise.all(Array.from({ length: 5 }, () => provider.create(KEY)))
    assert.equal(new Set(results.map(({ instanceId }) => instanceId)).size, 1)
    assert.equal(services().length, 1)
  })

  test('gives another service in another workspace', async (t) => {
    const { provider, makeProvider, otherOwner } = await withRender(t)
    const { instance } = await provider.create(KEY)
    const { instance: other } = await makeProvider({ ownerId: otherOwner.id }).create(KEY)
    assert.notEqual(other.serviceId, instance.serviceId)
    assert.notEqual(other.name, instance.name)
  })

  test('gives a new service after the old one was destroyed', async (t) => {
    const { provider, services } = await withRender(t)
    const { instanceId } = await provider.create(KEY)
    await provider.destroy(instanceId)
    assert.notEqual((await provider.create(KEY)).instanceId, instanceId)
    assert.equal(services().length, 1)
  })

  test('shows the status of the service, by its deploys', async (t) => {
    const { provider } = await withRender(t, LIVE)
    await provider.create(KEY)
    assert.equal((await provider.create(KEY)).instance.status, 'running')
  })

  test('shows that the service is suspended, as getById does', async (t) => {
    const { provider, world, services } = await withRender(t, LIVE)
    const { instanceId } = await provider.create(KEY)
    world.suspend(services()[0], 'billing')
    assert.equal((await provider.getById(instanceId)).instance.status, 'stopped')
    assert.equal((await provider.create(KEY)).instance.status, 'stopped')
  })

  test('and waitUntilReady finds the deploy of the adopted service and follows it', async (t) => {
    const plan = ['created', 'created', 'live']
    const { provider, asked, services } = await withRender(t, { server: { plan } })
    const { instanceId } = await provider.create(KEY)
    const again = await provider.create({ ...KEY, waitUntilReady: true })
    assert.deepEqual([again.instanceId, again.instance.status], [instanceId, 'running'])
    assert.equal(asked().filter((operation) => operation === 'listDeploys').length, 1)
    assert.equal(services().length, 1)
  })

  test('and waitUntilReady accepts a service that serves, though a later deploy has failed', async (t) => {
    const { provider, world, services } = await withRender(t, LIVE)
    await provider.create(KEY)
    world.deploy(services()[0], { plan: ['update_failed'] })
    assert.equal((await provider.create({ ...KEY, waitUntilReady: true })).instance.status, 'running')
  })

  test('and waitUntilReady does not destroy a service that an earlier call has made and that does not run', async (t) => {
    const { provider, services } = await withRender(t, { server: { plan: ['update_failed'] } })
    const { instanceId } = await provider.create(KEY)
    const expected = { code: 'PROVISION_FAILED', instanceId, message: /update_failed/ }
    await rejection(provider.create({ ...KEY, waitUntilReady: true }), expected)
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
  })
})

// What GET gives is the long form of what was sent (docs/providers/render.md).
describe('the image under a key', () => {
  const spellings = [
    ['nginx', 'docker.io/library/nginx:latest'],
    ['acme/box:1', 'docker.io/acme/box:1'],
    ['docker.io/nginx', 'nginx:latest'],
    ['index.docker.io/acme/box', 'acme/box'],
    ['ghcr.io/acme/box:1.2', 'ghcr.io/acme/box:1.2'],
    ['localhost:5000/box', 'localhost:5000/box:latest'],
    [`acme/box@sha256:${'a'.repeat(64)}`, `docker.io/acme/box@sha256:${'a'.repeat(64)}`],
  ]
  for (const [first, second] of spellings) {
    test(`is the same in each spelling: ${first.slice(0, 40)}`, async (t) => {
      const { provider } = await withRender(t)
      const { instanceId } = await provider.create({ ...KEY, image: first })
      for (const image of [first, second]) {
        assert.equal((await provider.create({ ...KEY, image })).instanceId, instanceId)
      }
    })
  }

  test('is INVALID_ARGUMENT if it is another one, and nothing changes', async (t) => {
    const { provider, services, requestsFor } = await withRender(t)
    const { instanceId } = await provider.create({ ...KEY, image: 'acme/box:1' })
    const expected = { code: 'INVALID_ARGUMENT', instanceId, retryable: false, message: /another image/ }
    await rejection(provider.create({ ...KEY, image: 'acme/box:2' }), expected)
    assert.deepEqual(services().map(({ image }) => image), ['docker.io/acme/box:1'])
    assert.equal(requestsFor('createService').length, 1)
  })
})
