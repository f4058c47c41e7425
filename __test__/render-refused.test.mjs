// Creates that Render turns away, with nothing made: what has to be paid, what is taken, what is too much.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { canary } from './support/canary.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { renderError } from './servers/render/index.mjs'

describe('without a card', () => {
  const CARD =
    'Payment information is required to complete this request. ' +
    'To add a card, visit https://dashboard.render.com/billing'

  test('create is PAYMENT_REQUIRED in the words of Render, and sent once', async (t) => {
    const { makeProvider, services, asked } = await withRender(t, { server: { paymentRequired: true } })
    await rejection(makeProvider({ maxRetries: 3 }).create(), {
      code: 'PAYMENT_REQUIRED',
      httpStatus: 402,
      retryable: false,
      message: `Failed to create Render instance: ${CARD}`,
      instanceId: undefined,
      resourceName: undefined,
    })
    assert.deepEqual([services(), asked()], [[], ['createService']])
  })

  test('the plan free works where Render allows it, and is refused in the same way elsewhere', async (t) => {
    const { provider, server } = await withRender(t, { server: { paymentRequired: true } })
    assert.equal((await provider.create({ plan: 'free' })).instance.plan, 'free')
    server.settings.paymentRequired = 'even free'
    await rejection(provider.create({ plan: 'free' }), { code: 'PAYMENT_REQUIRED' })
  })
})

// Both statuses are plausible (docs/providers/render.md).
for (const nameTakenStatus of [400, 409]) {
  describe(`a taken name, answered with ${nameTakenStatus},`, () => {
    const server = { nameTakenStatus }

    test('is ALREADY_EXISTS with the service that has it, which stays', async (t) => {
      const { provider, world, owner, services, requestsFor } = await withRender(t, { server })
      const holder = world.addService(owner, { name: 'box', image: 'theirs' })
      // Not seen by the look before the create, so that it takes Render's own refusal.
      world.lag = { ...world.lag, reads: 1 }
      const { service: late } = world.createService({ ownerId: owner.id, type: 'web_service', name: 'late', image: 'x' })
      for (const { name, id } of [holder, late]) {
        await rejection(provider.create({ name }), {
          code: 'ALREADY_EXISTS',
          retryable: false,
          instanceId: id,
          resourceName: name,
        })
      }
      assert.deepEqual(services(), [holder, late])
      assert.equal(requestsFor('createService').length, 1, 'for the one that a lookup does not show')
    })

    test('by something that no create makes is ALREADY_EXISTS, too', async (t) => {
      const { provider, world, owner, services } = await withRender(t, { server })
      const site = world.addService(owner, { type: 'static_site', name: 'box' })
      await rejection(provider.create({ name: 'box' }), { code: 'ALREADY_EXISTS', instanceId: site.id })
      assert.deepEqual(services(), [site])
    })

    test('by a similar name is not taken', async (t) => {
      const { provider, world, owner } = await withRender(t, { server: { ...server, nameFilter: 'partial' } })
      for (const name of ['box-2', 'my box', 'BOX']) world.addService(owner, { name })
      assert.equal((await provider.create({ name: 'box' })).instance.name, 'box')
    })

    test('in another workspace is not taken', async (t) => {
      const { provider, world, otherOwner } = await withRender(t, { server })
      world.addService(otherOwner, { name: 'box' })
      assert.equal((await provider.create({ name: 'box' })).instance.name, 'box')
    })

    test('by a service that is gone is not taken', async (t) => {
      const { provider } = await withRender(t, { server })
      const { instanceId } = await provider.create({ name: 'box' })
      await provider.destroy(instanceId)
      assert.notEqual((await provider.create({ name: 'box' })).instanceId, instanceId)
    })

    test('by the create with the same key that no listing shows yet is adopted', async (t) => {
      const { provider, makeProvider, world, owner, services } = await withRender(t, { server })
      world.lag = { ...world.lag, reads: 2 }
      const { instanceId } = await provider.create({ idempotencyKey: 'key' })
      const apiKey = world.addApiKey({ owners: [owner], key: canary('another-process') })
      assert.equal((await makeProvider({ apiKey }).create({ idempotencyKey: 'key' })).instanceId, instanceId)
      assert.equal(services().length, 1)
    })
  })
}

// 20 an hour for each user (docs/providers/render.md).
describe('the 21st create of an hour', () => {
  const HOUR = 3_600_000
  const untilTheHourIsOver = ({ retryAfterMs }) => retryAfterMs > HOUR - 60_000 && retryAfterMs < HOUR + 2_000

  async function withTwenty(t) {
    const fixture = await withRender(t)
    await Promise.all(Array.from({ length: 20 }, () => fixture.provider.create()))
    return fixture
  }

  test('is RATE_LIMITED at once, with the wait and without a request', async (t) => {
    const { provider, services, requestsFor } = await withTwenty(t)
    const error = await rejection(provider.create(), { code: 'RATE_LIMITED', retryable: true, resourceName: undefined })
    assert.ok(untilTheHourIsOver(error), String(error.retryAfterMs))
    assert.equal(requestsFor('createService').length, 20)
    assert.equal(services().length, 20)
  })

  test('delays nothing else: reads and deletes have windows of their own', async (t) => {
    const { provider } = await withTwenty(t)
    await rejection(provider.create(), { code: 'RATE_LIMITED' })
    const [{ instanceId }] = await provider.list()
    assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
    assert.equal(await provider.destroy(instanceId), undefined)
  })

  test('finds, under a key that was used before, what it has made', async (t) => {
    const { provider } = await withRender(t)
    const { instanceId } = await provider.create({ idempotencyKey: 'key' })
    await Promise.all(Array.from({ length: 19 }, () => provider.create()))
    assert.equal((await provider.create({ idempotencyKey: 'key' })).instanceId, instanceId)
  })

  for (const [title, settings] of Object.entries({
    'with Retry-After': {},
    'with Ratelimit-Reset only, in seconds': { retryAfter: false },
    'with Ratelimit-Reset only, as the documentation has it': { retryAfter: false, resetFormat: 'epoch-seconds' },
  })) {
    test(`by another process learns the wait from the refusal, ${title}`, async (t) => {
      const { provider, server, world, owner } = await withRender(t, { server: settings })
      // Of the same user, by a key of which this process knows nothing.
      server.settings.limits.create = 0
      const error = await rejection(provider.create(), { code: 'RATE_LIMITED', httpStatus: 429, retryable: true })
      assert.ok(untilTheHourIsOver(error), String(error.retryAfterMs))
      assert.deepEqual(world.liveServices(owner), [])
    })
  }

  test('of one user does not turn away another', async (t) => {
    const { provider, makeProvider, world, owner } = await withTwenty(t)
    await rejection(provider.create(), { code: 'RATE_LIMITED' })
    const apiKey = world.addApiKey({ owners: [owner], key: canary('another-user') })
    assert.equal((await makeProvider({ apiKey }).create()).instance.status, 'pending')
  })
})

describe('other refusals of a create', () => {
  const rows = [
    [400, 'ownerID is a required field', undefined, 'INVALID_ARGUMENT'],
    [400, 'invalid JSON', undefined, 'INVALID_ARGUMENT'],
    [400, 'IP allow list is only available for Enterprise workspaces', undefined, 'INVALID_ARGUMENT'],
    [401, 'Unauthorized', undefined, 'UNAUTHENTICATED'],
    [403, 'Forbidden', undefined, 'PERMISSION_DENIED'],
    [404, 'not found: tea-00000000000000000000', undefined, 'NOT_FOUND'],
    [406, 'Not Acceptable', undefined, 'PROTOCOL'],
    [413, 'Payload Too Large', undefined, 'INVALID_ARGUMENT'],
    [409, 'the workspace is suspended', undefined, 'UNAVAILABLE'],
  ]
  for (const [status, message, providerCode, code] of rows) {
    test(`${status} “${message}” is ${code}, and nothing is looked for`, async (t) => {
      const { provider, server, asked } = await withRender(t)
      server.faults.add({ ...renderError(status, message, { code: providerCode }), when: 'createService' })
      await rejection(provider.create(), {
        code,
        providerCode,
        httpStatus: status,
        message: `Failed to create Render instance: ${message}`,
        instanceId: undefined,
        resourceName: undefined,
      })
      assert.deepEqual(asked(), ['createService'])
    })
  }

  test('a workspace that the key does not reach', async (t) => {
    const { makeProvider, world } = await withRender(t)
    const foreign = world.createOwner({ name: 'foreign' })
    await rejection(makeProvider({ ownerId: foreign.id }).create(), { code: 'NOT_FOUND' })
    assert.deepEqual(world.liveServices(foreign), [])
  })

  test('an id of a registry credential or environment that is not there', async (t) => {
    const { provider, services } = await withRender(t)
    const expected = { code: 'NOT_FOUND', message: /not found: / }
    await rejection(provider.create({ environmentId: 'evm-00000000000000000000' }), expected)
    await rejection(provider.create({ registryCredentialId: 'rgc-00000000000000000000' }), expected)
    assert.deepEqual(services(), [])
  })

  test('a region that Render does not have', async (t) => {
    const { provider } = await withRender(t)
    await rejection(provider.create({ region: 'moon' }), { code: 'INVALID_ARGUMENT', httpStatus: 400 })
  })
})
