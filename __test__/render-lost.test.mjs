// Creates at Render whose answer is lost or says too little: the service is looked for by its name and adopted
// (docs/providers/render.md).
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { eventually } from './support/eventually.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { renderError } from './servers/render/index.mjs'

const when = 'createService'

/** Answers that leave open whether the create took effect, which it did. */
const LOST = {
  'a connection that is reset': { kind: 'reset-after' },
  'half an answer': { kind: 'cut' },
  'a failure of Render': renderError(500, 'internal server error', { effect: true }),
  'a page of the proxy before it': { kind: 'html', status: 520, effect: true },
  'text that is no JSON': { kind: 'respond', status: 201, body: 'Created', effect: true },
  'an empty 201': { kind: 'respond', status: 201, effect: true },
  // Neither field of the answer is a required one (docs/providers/render.md).
  'an answer without the service': { kind: 'replace', map: ({ deployId }) => ({ deployId }) },
  'a service that is null': { kind: 'replace', map: ({ deployId }) => ({ service: null, deployId }) },
  'a service without an id': { kind: 'replace', map: ({ service }) => ({ service: { ...service, id: null } }) },
}

const HANDLES = { 'no name': {}, 'a key': { idempotencyKey: 'key' }, 'a name': { name: 'box' } }

describe('a service is adopted after', () => {
  for (const [title, fault] of Object.entries(LOST)) {
    for (const [how, options] of Object.entries(HANDLES)) {
      test(`${title}, with ${how}`, async (t) => {
        const { provider, server, services, requestsFor } = await withRender(t)
        server.faults.add({ ...fault, when })
        const { instanceId } = await provider.create(options)
        assert.deepEqual(services().map(({ id }) => id), [instanceId])
        assert.equal(requestsFor(when).length, 1, 'sent once')
      })
    }
  }

  test('a name that is taken, as a request that arrived twice is refused', async (t) => {
    const { provider, server, services } = await withRender(t)
    // A proxy repeats the request: the second answer comes back.
    server.faults.add({ ...renderError(400, 'name: … already in use', { effect: true }), when })
    const { instanceId } = await provider.create()
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
  })
})

describe('a lost create is looked up', () => {
  test('in the configured workspace, by its exact name, and asked for by it', async (t) => {
    const { provider, server, ownerId, requestsFor } = await withRender(t)
    server.faults.add({ ...LOST['a connection that is reset'], when })
    const { instance } = await provider.create()
    const { limit, ...query } = requestsFor('listServices')[0].query
    assert.deepEqual(query, { ownerId, name: instance.name, includePreviews: 'false' })
    assert.equal(limit, '100')
  })

  test('until it shows, and no longer', async (t) => {
    const { provider, server, world, services, requestsFor } = await withRender(t)
    world.lag = { ...world.lag, reads: 2 }
    server.faults.add({ ...LOST['a connection that is reset'], when })
    const { instanceId } = await provider.create()
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
    assert.equal(requestsFor('listServices').length, 3)
  })

  test('among services whose names only resemble it, over pages', async (t) => {
    const { provider, server, world, owner } = await withRender(t, { server: { nameFilter: 'partial' } })
    for (let index = 0; index < 45; index += 1) world.addService(owner, { name: `box-${index}` })
    server.settings.pageSizeMaximum = 20
    server.faults.add({ ...LOST['a connection that is reset'], when })
    assert.equal((await provider.create({ name: 'box' })).instance.name, 'box')
  })

  test('and its deploy is found as well, if it is to be followed', async (t) => {
    const plan = ['created', 'update_in_progress', 'live']
    const { provider, server } = await withRender(t, { server: { plan } })
    server.faults.add({ ...LOST['an answer without the service'], when })
    assert.equal((await provider.create({ waitUntilReady: true })).instance.status, 'running')
  })

  test('and removed if it does not start', async (t) => {
    const { provider, server, services } = await withRender(t, { server: { plan: ['update_failed'] } })
    server.faults.add({ ...LOST['a connection that is reset'], when })
    await rejection(provider.create({ waitUntilReady: true }), { code: 'PROVISION_FAILED', message: /removed again/ })
    assert.deepEqual(services(), [])
  })

  test('and removed in the background after an abort', async (t) => {
    const { provider, server, services } = await withRender(t)
    const controller = new AbortController()
    server.faults.add({ ...LOST['a connection that is reset'], when })
    // Held up until the caller has turned away.
    server.faults.add({ kind: 'slow', milliseconds: 200, when: 'listServices' })
    const expected = { code: 'ABORTED', resourceName: /^computesdk-/ }
    const aborted = rejection(provider.create({ signal: controller.signal }), expected)
    await eventually(() => services().length === 1, 'the create takes effect')
    controller.abort()
    await aborted
    await server.waitForRequest('deleteService')
    assert.deepEqual(services(), [])
  })

  test('without success where looking is forbidden: OUTCOME_UNKNOWN names it', async (t) => {
    const { provider, server, services } = await withRender(t)
    server.faults.add({ ...LOST['a connection that is reset'], when })
    server.faults.add({ ...renderError(403, 'Forbidden'), when: 'listServices' })
    const expected = { code: 'OUTCOME_UNKNOWN', retryable: false, message: /Forbidden/ }
    const error = await rejection(provider.create(), expected)
    assert.deepEqual(services().map(({ name }) => name), [error.resourceName])
  })

  test('without success under a key, which settles it when it is used again', async (t) => {
    const { provider, server, services } = await withRender(t)
    const isLook = ({ operation }) => operation === 'listServices' && services().length > 0
    server.faults.add({ ...LOST['a connection that is reset'], when })
    server.faults.add({ ...renderError(403, 'Forbidden'), when: isLook })
    await rejection(provider.create({ idempotencyKey: 'key' }), { code: 'OUTCOME_UNKNOWN', retryable: true })
    const { instanceId } = await provider.create({ idempotencyKey: 'key' })
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
  })
})
