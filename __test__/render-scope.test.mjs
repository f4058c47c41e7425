// Render's keys reach every workspace of their user (docs/providers/render.md): what is outside of the configured one, or
// of a kind that `create` does not make, is neither found nor listed nor destroyed.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { rejection } from './support/rejection.mjs'
import { ABSENT_ID, withRender } from './support/render.mjs'
import { renderError } from './servers/render/index.mjs'

/** What a key reaches and is no instance of the provider's. */
const OUTSIDE = {
  'a service of another workspace': ({ world, otherOwner }) => world.addService(otherOwner),
  'a service of ours in another workspace': ({ world, otherOwner }) =>
    world.addService(otherOwner, { name: 'computesdk-0123456789abcdefghjk' }),
  'a static site': ({ world, owner }) => world.addService(owner, { type: 'static_site' }),
  'a static site that is called like one of ours': ({ world, owner }) =>
    world.addService(owner, { type: 'static_site', name: 'computesdk-0123456789abcdefghjk' }),
  'a preview': ({ world, owner }) => {
    const parent = world.addService(owner, { type: 'static_site' })
    return world.addService(owner, { parent })
  },
}

describe('outside of the scope', () => {
  for (const [title, add] of Object.entries(OUTSIDE)) {
    test(`${title} is null, not listed, and not destroyed`, async (t) => {
      const fixture = await withRender(t)
      const { id } = add(fixture)
      const before = fixture.world.liveServices().length
      assert.equal(await fixture.provider.getById(id), null)
      assert.deepEqual(await fixture.provider.list(), [])
      assert.equal(await fixture.provider.destroy(id), undefined)
      assert.equal(fixture.requestsFor('deleteService').length, 0)
      assert.equal(fixture.world.liveServices().length, before)
    })
  }

  test('a cron job is not listed, and its id is refused before any request', async (t) => {
    const { provider, world, owner, server } = await withRender(t)
    const { id } = world.addService(owner, { type: 'cron_job' })
    assert.deepEqual(await provider.list(), [])
    const { length } = server.requests
    for (const call of [provider.getById, provider.destroy]) await rejection(call(id), { code: 'INVALID_ARGUMENT' })
    assert.equal(server.requests.length, length)
  })

  test('a service whose owner the answer does not name', async (t) => {
    const { provider, server, world, owner, services } = await withRender(t)
    const { id } = world.addService(owner)
    const forget = ({ ownerId: _ownerId, ...service }) => service
    server.faults.add({ kind: 'replace', map: forget, times: 2 })
    assert.equal(await provider.getById(id), null)
    await provider.destroy(id)
    assert.equal(services().length, 1)
  })

  test('services that an answer holds though they were not asked for', async (t) => {
    const { provider, server, world, owner, otherOwner } = await withRender(t)
    const mine = world.addService(owner)
    const other = world.addService(otherOwner)
    const site = world.addService(owner, { type: 'static_site' })
    const preview = world.addService(owner, { parent: mine })
    // As if Render did not know the filters.
    server.faults.add({
      kind: 'replace',
      map: ([entry]) => [
        entry,
        { ...entry, service: { ...entry.service, id: other.id, ownerId: otherOwner.id } },
        { ...entry, service: { ...entry.service, id: site.id, type: 'static_site' } },
        { ...entry, service: { ...entry.service, id: preview.id, serviceDetails: { parentServer: { id: mine.id } } } },
      ],
    })
    assert.deepEqual((await provider.list()).map(({ instanceId }) => instanceId), [mine.id])
  })
})

describe('inside of the scope', () => {
  for (const type of ['web_service', 'private_service', 'background_worker']) {
    test(`a ${type} of another client is found, listed and destroyed`, async (t) => {
      const { provider, world, owner, ownerId, services } = await withRender(t)
      const { id } = world.addService(owner, { type })
      const { instance } = await provider.getById(id)
      assert.deepEqual([instance.ownerId, instance.type, instance.managed], [ownerId, type, false])
      assert.deepEqual((await provider.list()).map(({ instanceId }) => instanceId), [id])
      await provider.destroy(id)
      assert.deepEqual(services(), [])
    })
  }

  test('the owner is the service’s own', async (t) => {
    const { provider, makeProvider, world, otherOwner } = await withRender(t)
    const { id } = world.addService(otherOwner)
    assert.equal((await makeProvider({ ownerId: otherOwner.id }).getById(id)).instance.ownerId, otherOwner.id)
    assert.equal(await provider.getById(id), null)
  })

  test('of a user’s own workspace things are the same', async (t) => {
    const { makeProvider, world } = await withRender(t)
    const owner = world.createOwner({ type: 'user' })
    assert.match(owner.id, /^usr-/)
    const provider = makeProvider({ apiKey: world.addApiKey({ owners: [owner] }), ownerId: owner.id })
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(instanceId)).instance.ownerId, owner.id)
    await provider.destroy(instanceId)
    assert.deepEqual(world.liveServices(owner), [])
  })
})

describe('a missing service', () => {
  for (const goneStatus of [404, 410]) {
    test(`is null where Render says ${goneStatus}`, async (t) => {
      const { provider, world, owner } = await withRender(t, { server: { goneStatus } })
      const service = world.addService(owner)
      world.deleteService(service)
      assert.equal(await provider.getById(service.id), null)
      assert.equal(await provider.destroy(service.id), undefined)
    })
  }

  test('is null whatever Render’s words for it are', async (t) => {
    const { provider, server } = await withRender(t)
    for (const body of [{}, { message: '' }, { id: 'x' }]) {
      server.faults.add({ kind: 'respond', status: 404, body })
      assert.equal(await provider.getById(ABSENT_ID), null)
    }
  })

  // Whether a stranger's service is forbidden or not there is not recorded (docs/providers/render.md).
  test('is not a service that Render forbids to read', async (t) => {
    const { provider, world } = await withRender(t, { server: { foreignServiceStatus: 403 } })
    const { id } = world.addService(world.createOwner({ name: 'foreign' }))
    await rejection(provider.getById(id), { code: 'PERMISSION_DENIED', httpStatus: 403, operation: 'getById' })
    await rejection(provider.destroy(id), { code: 'PERMISSION_DENIED', httpStatus: 403, instanceId: id })
    assert.equal(world.services.get(id).deletedAt, null)
  })

  // A wrong address answers 404 to everything.
  const strangers = {
    'plain text': { body: '404 page not found\n' },
    'nothing at all': {},
    'a page of HTML': { headers: { 'content-type': 'text/html' }, body: '<html><h1>404</h1></html>' },
    'JSON that is no object': { body: '["not found"]' },
  }
  for (const [title, answer] of Object.entries(strangers)) {
    test(`is not an instance for which another server answers 404: ${title}`, async (t) => {
      const { provider, server, world, owner, services } = await withRender(t)
      const { id } = world.addService(owner)
      const headers = { 'render-request-id': null, ...answer.headers }
      server.faults.add({ kind: 'respond', status: 404, ...answer, headers, times: Infinity })
      for (const call of [provider.getById, provider.destroy, provider.list, provider.create]) {
        const argument = [provider.getById, provider.destroy].includes(call) ? id : undefined
        const expected = { code: 'PROTOCOL', httpStatus: 404, retryable: false, message: /baseUrl/ }
        await rejection(call(argument), expected)
      }
      assert.equal(services().length, 1)
    })
  }
})

describe('an id that is none of a Render service is refused before any request:', () => {
  const NUL = '\0'
  const ids = [
    'srv-',
    'd1abcdefghij01234567',
    'SRV-d1abcdefghij01234567',
    'srv-D1abcdefghij01234567',
    'srv-d1abcdefghij/../../owners',
    'srv-..',
    '../owners',
    'srv-%2e%2e',
    'srv-a b',
    'srv-a?x=1',
    'srv-a#x',
    `srv-a${NUL}`,
    'srv-ä',
    'crn-d1abcdefghij01234567',
    'tea-d1abcdefghij01234567',
    'dep-d1abcdefghij01234567',
    `srv-${'a'.repeat(61)}`,
  ]
  for (const id of ids) {
    test(JSON.stringify(id).slice(0, 40), async (t) => {
      const { provider, server } = await withRender(t)
      for (const [operation, call] of Object.entries({ getById: provider.getById, destroy: provider.destroy })) {
        await rejection(call(id), { code: 'INVALID_ARGUMENT', operation, message: /instanceId must be/ })
      }
      assert.equal(server.requests.length, 0)
    })
  }

  test('white space around an id is taken away', async (t) => {
    const { provider, world, owner, requestsFor } = await withRender(t)
    const { id } = world.addService(owner)
    assert.equal((await provider.getById(` ${id}\n`)).instanceId, id)
    assert.equal(requestsFor('retrieveService')[0].url, `/v1/services/${id}`)
  })
})

test('a service whose workspace could not be read is not deleted', async (t) => {
  const { provider, server, world, owner, services, requestsFor } = await withRender(t)
  const { id } = world.addService(owner)
  const faults = [
    { kind: 'respond', status: 200, body: 'text' },
    { kind: 'respond', status: 200, body: {} },
    { kind: 'respond', status: 503 },
    { kind: 'reset-before' },
    renderError(401, 'Unauthorized'),
  ]
  for (const fault of faults) {
    server.faults.add(fault)
    await rejection(provider.destroy(id), { operation: 'destroy', instanceId: id })
  }
  assert.equal(requestsFor('deleteService').length, 0)
  assert.equal(services().length, 1)
})
