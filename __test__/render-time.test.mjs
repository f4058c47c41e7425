// Slow work at Render: creates, searches, other clients' services under our name.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { withFastClock } from './support/fast-clock.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { renderError } from './servers/render/index.mjs'

const { addon, real } = withFastClock()

/** A fixture whose provider lives faster. */
async function withFastRender(t, { config, ...options } = {}) {
  const fixture = await withRender(t, options)
  const makeProvider = (changes) => addon.render({ ...fixture.config, ...config, ...changes })
  return { ...fixture, makeProvider, provider: makeProvider() }
}

const created = 'createService'
const slow = (milliseconds) => ({ kind: 'slow', milliseconds: real(milliseconds), when: created })

// Mostly waits, so they run side by side.
describe('a create', { concurrency: true }, () => {
  // The slowest on record took 13.4 s (docs/providers/render.md).
  for (const seconds of [14, 40]) {
    test(`that is answered after ${seconds} s is adopted when it is seen`, async (t) => {
      const { provider, server, services, asked } = await withFastRender(t)
      server.faults.add(slow(seconds * 1_000))
      const { instance, instanceId } = await provider.create()
      assert.equal(instance.status, 'pending')
      assert.deepEqual(asked(), [created, 'listServices', 'listDeploys'], 'it was looked for while it was awaited')
      assert.deepEqual(services().map(({ id }) => id), [instanceId])
    })
  }

  test('that is not answered within a minute is adopted when it is seen', async (t) => {
    const { provider, server, services, asked } = await withFastRender(t)
    server.faults.add(slow(120_000))
    const { instanceId } = await provider.create()
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
    assert.deepEqual(asked(), [created, 'listServices', 'listDeploys'])
  })

  test('ends earlier if requestTimeoutMs is shorter, and is looked up', async (t) => {
    const { provider, server, asked } = await withFastRender(t, { config: { requestTimeoutMs: 4_000 } })
    server.faults.add(slow(60_000))
    await provider.create()
    assert.deepEqual(asked(), [created, 'listServices', 'listDeploys'])
  })

  test('that takes effect 40 s after its answer was lost is sent again, and makes one service', async (t) => {
    const { provider, server, services, requestsFor } = await withFastRender(t, { config: { maxRetries: 3 } })
    server.faults.add({ kind: 'late-effect', milliseconds: real(40_000), when: created })
    const { instanceId } = await provider.create()
    await server.quiet()
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
    assert.equal(requestsFor(created).length, 2)
  })

  test('that never took effect is sent again at once', async (t) => {
    const { provider, server, services, requestsFor, asked } = await withFastRender(t, { config: { maxRetries: 1 } })
    server.faults.add({ kind: 'reset-before', when: created })
    const { instanceId } = await provider.create()
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
    assert.equal(requestsFor(created).length, 2)
    const [first, second] = requestsFor(created)
    assert.ok(second.at - first.at < real(25_000), 'and not after the absence window')
    assert.deepEqual(asked().slice(0, 3), [created, 'listServices', created])
  })

  test('that never took effect and may not be sent again rejects, and says that nothing was made', async (t) => {
    const { provider, server, services } = await withFastRender(t)
    server.faults.add({ kind: 'reset-before', when: created })
    await rejection(provider.create(), { code: 'NETWORK', retryable: true, message: /nothing was made/ })
    assert.deepEqual(services(), [])
  })
})

// Another client makes a service with our name after our lookup and before our create, which fails without a reason.
describe('a service under our name with another ownership token', { concurrency: true }, () => {
  async function race(t, mark) {
    const fixture = await withFastRender(t)
    const { world, owner, server } = fixture
    const variables = mark ? { COMPUTESDK_CREATE_MARK: mark } : {}
    const made = []
    server.faults.add({
      kind: 'replace',
      when: 'listServices',
      map(json) {
        made.push(world.addService(owner, { name: 'box', variables }))
        return json
      },
    })
    server.faults.add({ ...renderError(503, 'unavailable'), when: created })
    return { ...fixture, made, call: fixture.provider.create({ name: 'box' }) }
  }

  for (const [title, mark] of Object.entries({ 'of another create': 'computesdk-other', 'which is none': undefined })) {
    test(`${title}, is not taken for ours: ALREADY_EXISTS, and it stays`, async (t) => {
      const { call, services, made } = await race(t, mark)
      const { instanceId } = await rejection(call, { code: 'ALREADY_EXISTS', resourceName: 'box' })
      assert.deepEqual(made.map(({ id }) => id), [instanceId])
      assert.deepEqual(services(), made)
    })
  }

  test('is looked up by its name, also after a lookup that fails', async (t) => {
    const fixture = await withFastRender(t)
    const { provider, server, services, requestsFor } = fixture
    server.faults.add({ kind: 'reset-after', when: created })
    server.faults.add({ kind: 'respond', status: 503, when: 'retrieveEnvVar' })
    const { instanceId } = await provider.create({ name: 'box' })
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
    const [{ path }] = requestsFor('retrieveEnvVar')
    assert.equal(path, `/v1/services/${instanceId}/env-vars/COMPUTESDK_CREATE_MARK`)
  })

  test('that does not show at first is waited for', async (t) => {
    const { provider, server, world, services } = await withFastRender(t)
    world.lag = { ...world.lag, envVarReads: 3 }
    server.faults.add({ kind: 'reset-after', when: created })
    const { instanceId } = await provider.create({ name: 'box' })
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
  })

  test('that cannot be read in time does not make a leak of an aborted create', async (t) => {
    const { provider, server, services } = await withFastRender(t)
    const controller = new AbortController()
    server.faults.add({ kind: 'reset-after', when: created })
    // As long as the whole time that the mark is looked for: one request that is answered too late.
    server.faults.add({ kind: 'slow', milliseconds: real(40_000), when: 'retrieveEnvVar' })
    const aborted = rejection(provider.create({ name: 'box', signal: controller.signal }), { code: 'ABORTED' })
    await server.waitForRequest(created)
    controller.abort()
    await aborted
    await server.waitForRequest('deleteService')
    assert.deepEqual(services(), [])
  })
})

describe('destroying', { concurrency: true }, () => {
  const quick = (fixture) => {
    const [first] = fixture.requestsFor('deleteService')
    return fixture.requestsFor('deleteService').every(({ at }) => at - first.at < real(5_000))
  }

  test('a service of ours several times at once delays no caller', async (t) => {
    const fixture = await withFastRender(t)
    const { instanceId } = await fixture.provider.create()
    await Promise.all(Array.from({ length: 3 }, () => fixture.provider.destroy(instanceId)))
    assert.deepEqual(fixture.services(), [])
    assert.ok(quick(fixture), `${fixture.requestsFor('deleteService').length} deletions over a while`)
  })

  test('a service of ours whose deletion lost its answer does not delay the caller', async (t) => {
    const fixture = await withFastRender(t, { config: { maxRetries: 1 } })
    const { instanceId } = await fixture.provider.create()
    fixture.server.faults.add({ kind: 'reset-after', when: 'deleteService' })
    await fixture.provider.destroy(instanceId)
    assert.deepEqual(fixture.services(), [])
    assert.ok(quick(fixture), `${fixture.requestsFor('deleteService').length} deletions over a while`)
  })
})
