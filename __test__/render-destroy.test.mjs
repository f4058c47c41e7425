// `destroy` at Render: which answers mean that a service is gone, and which do not (docs/providers/render.md).
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { renderError } from './servers/render/index.mjs'

const when = 'deleteService'

describe('destroy resolves', () => {
  test('for a service that this process has just made, without a read before it', async (t) => {
    const { provider, asked, services } = await withRender(t)
    const { instanceId } = await provider.create()
    assert.equal(await provider.destroy(instanceId), undefined)
    assert.deepEqual(asked(), ['createService', 'deleteService'])
    assert.deepEqual(services(), [])
  })

  test('for a service that this process has just made, while no read shows it', async (t) => {
    const { provider, world, services } = await withRender(t)
    world.lag = { ...world.lag, reads: 1_000, serviceById: true }
    const { instanceId } = await provider.create()
    await provider.destroy(instanceId)
    assert.deepEqual(services(), [])
  })

  test('for a service that another process has made, after a read of its owner', async (t) => {
    const { provider, makeProvider, world, owner, asked, services } = await withRender(t)
    const other = makeProvider({ apiKey: world.addApiKey({ owners: [owner], key: canary('another-process') }) })
    const { instanceId } = await other.create()
    await provider.destroy(instanceId)
    assert.deepEqual(asked(), ['createService', 'retrieveService', 'deleteService'])
    assert.deepEqual(services(), [])
  })

  for (const status of [404, 410]) {
    test(`when a deletion is answered with ${status}: another client was quicker`, async (t) => {
      const { provider, server, world, owner } = await withRender(t)
      const { id } = world.addService(owner)
      server.faults.add({ ...renderError(status, `not found: ${id}`), when })
      assert.equal(await provider.destroy(id), undefined)
    })
  }

  // Render says 204 (docs/providers/render.md): any other success may come from a proxy.
  for (const [title, fault] of Object.entries({
    'a page of HTML': { kind: 'html', status: 200 },
    'an empty 200': { kind: 'respond', status: 200 },
    'a 202': { kind: 'respond', status: 202 },
  })) {
    test(`after ${title}, once it is seen that the service is gone`, async (t) => {
      const { provider, server, world, owner, asked, services } = await withRender(t)
      const { id } = world.addService(owner)
      server.faults.add({ ...fault, when, effect: true })
      await provider.destroy(id)
      assert.deepEqual(asked(), ['retrieveService', 'deleteService', 'retrieveService'])
      assert.deepEqual(services(), [])
    })

    test(`not after ${title} as long as the service is there`, async (t) => {
      const { provider, server, world, owner, services } = await withRender(t)
      const { id } = world.addService(owner)
      server.faults.add({ ...fault, when })
      await rejection(provider.destroy(id), { code: 'PROTOCOL', instanceId: id, httpStatus: fault.status })
      assert.equal(services().length, 1)
      await provider.destroy(id)
      assert.deepEqual(services(), [])
    })
  }
})

describe('destroy rejects when it cannot be established that the service is gone:', () => {
  const faults = {
    'a wrong key': [renderError(401, 'Unauthorized'), 'UNAUTHENTICATED'],
    'a key that may not': [renderError(403, 'Forbidden'), 'PERMISSION_DENIED'],
    'a conflict': [renderError(409, 'a deploy is in progress'), 'UNAVAILABLE'],
    'a failing server': [renderError(503, 'unavailable'), 'UNAVAILABLE'],
    'a rate limit': [renderError(429, 'Too Many Requests', { headers: { 'retry-after': '7' } }), 'RATE_LIMITED'],
    'a lost connection': [{ kind: 'reset-before' }, 'NETWORK'],
    'a redirect': [{ kind: 'respond', status: 302, headers: { location: '/' } }, 'PROTOCOL'],
    'a 404 of a proxy': [
      { kind: 'respond', status: 404, body: 'nothing here', headers: { 'render-request-id': null } },
      'PROTOCOL',
    ],
  }
  for (const [title, [fault, code]] of Object.entries(faults)) {
    for (const at of ['retrieveService', 'deleteService']) {
      test(`${title} at ${at}`, async (t) => {
        const { provider, server, world, owner, services } = await withRender(t)
        const { id } = world.addService(owner)
        server.faults.add({ ...fault, when: at })
        await rejection(provider.destroy(id), { operation: 'destroy', provider: 'render', instanceId: id, code })
        assert.equal(services().length, 1)
      })
    }
  }
})

describe('the service that the process itself runs in', () => {
  test('is not destroyed, and can be looked up', async (t) => {
    const { provider, world, owner, requestsFor } = await withRender(t)
    const { id } = world.addService(owner, { name: 'gateway' })
    setEnvironment(t, { RENDER_SERVICE_ID: id })
    const expected = { code: 'INVALID_ARGUMENT', instanceId: id, retryable: false, message: /RENDER_SERVICE_ID/ }
    await rejection(provider.destroy(id), expected)
    assert.equal((await provider.getById(id)).instanceId, id)
    assert.equal(requestsFor('deleteService').length, 0)
  })

  test('is not destroyed in another spelling either', async (t) => {
    const { provider, world, owner, services } = await withRender(t)
    const { id } = world.addService(owner, { name: 'gateway' })
    setEnvironment(t, { RENDER_SERVICE_ID: undefined })
    for (const [own, asked] of [[id, ` ${id}`], [` ${id}\n`, id]]) {
      process.env.RENDER_SERVICE_ID = own
      await rejection(provider.destroy(asked), { code: 'INVALID_ARGUMENT', message: /RENDER_SERVICE_ID/ })
    }
    assert.equal(services().length, 1)
  })

  test('does not keep other services from being destroyed', async (t) => {
    const { provider, world, owner, services } = await withRender(t)
    const { id } = world.addService(owner, { name: 'gateway' })
    setEnvironment(t, { RENDER_SERVICE_ID: id })
    const { instanceId } = await provider.create()
    await provider.destroy(instanceId)
    assert.deepEqual(services().map((service) => service.id), [id])
  })
})
