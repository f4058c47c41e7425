import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'

import * as gateway from '@computesdk/gateway'

import { ACCESS_TOKEN, assertNoSecret, assertSame, canary } from './support/canary.mjs'
import { ENGINES } from './support/docker.mjs'
import { eventually } from './support/eventually.mjs'
import { callsOf } from './support/fixture.mjs'
import { createOptions, PROVIDERS, withEntry } from './support/providers.mjs'
import { rejection, thrown } from './support/rejection.mjs'

const KEYS = ['name', 'create', 'getById', 'list', 'destroy']
const FOREVER = { kind: 'slow', milliseconds: Infinity }
const ids = (results) => results.map(({ instanceId }) => instanceId).sort()

const factories = new Map(Object.entries(gateway))

// Docker and Podman are real engines; the others are fake servers.
for (const [title, entry] of Object.entries({ ...PROVIDERS, ...ENGINES })) {
  const name = entry.factory
  const factory = factories.get(entry.factory)
  const openings = {
    create: `Failed to create ${entry.title} instance: `,
    getById: `Failed to get ${entry.title} instance: `,
    list: `Failed to list ${entry.title} instances: `,
    destroy: `Failed to destroy ${entry.title} instance: `,
  }
  const methods = callsOf(entry.absentId)

  describe(title, { skip: entry.skip }, () => {
    const begin = (t) => withEntry(t, entry)

    test('is a plain object of the agreed shape', () => {
      const provider = factory({})
      assert.deepEqual(Object.keys(provider), KEYS)
      assert.equal(provider.name, name)
      assert.equal(Object.getPrototypeOf(provider), Object.prototype)
    })

    const needsNone = entry.credentials.length === 0 && 'it needs no credential'

    test('without credentials rejects at each method and sends nothing', { skip: needsNone }, async () => {
      for (const [operation, call] of Object.entries(methods)) {
        const error = await rejection(call(factory({})), { code: 'INVALID_CONFIG', operation, provider: name })
        assert.ok(error.message.startsWith(`Missing ${entry.title} `), error.message)
      }
    })

    test('takes an empty credential for a missing one', async (t) => {
      const { make, server } = await begin(t)
      for (const field of entry.credentials) {
        await rejection(make({ [field]: '' }).list(), { code: 'INVALID_CONFIG' })
      }
      assert.equal(server.requests.length, 0)
    })

    test('refuses a config field of the wrong type at the factory', () => {
      for (const field of [...entry.credentials, 'baseUrl', 'requestTimeoutMs', 'maxRetries']) {
        const error = thrown(() => factory({ [field]: {} }), { code: 'INVALID_CONFIG', operation: 'configure' })
        assert.ok(error.message.includes(`config.${field}`), error.message)
      }
    })

    test('creates, finds, lists and destroys', async (t) => {
      const { provider, existing } = await begin(t)
      const { instance, instanceId } = await provider.create(createOptions(entry))
      assert.deepEqual(Object.keys(instance).slice(0, entry.ownFields.length), entry.ownFields)
      assert.equal(instance.managed, true)
      assert.deepEqual(existing(), [instanceId])
      assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
      assert.deepEqual(ids(await provider.list()), [instanceId])
      assert.equal(await provider.destroy(instanceId), undefined)
      assert.deepEqual(existing(), [])
      assert.equal(await provider.getById(instanceId), null)
      assert.deepEqual(await provider.list(), [])
    })

    test('gives its token and address to the daemon alone', async (t) => {
      const { provider, variablesOf } = await begin(t)
      const created = await provider.create({ ...createOptions(entry), envs: { EXTRA: canary('extra') } })
      const expected = {
        COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN,
        COMPUTESDK_GATEWAY_URL: 'https://gateway.example.com',
        EXTRA: canary('extra'),
      }
      assertSame({ ...variablesOf(created.instanceId) }, expected, 'variables')
      assertNoSecret(created)
      assertNoSecret(await provider.list())
    })

    test('destroying a missing instance succeeds', async (t) => {
      const { provider } = await begin(t)
      assert.equal(await provider.destroy(entry.absentId), undefined)
    })

    test('destroying twice succeeds twice', async (t) => {
      const { provider, existing } = await begin(t)
      const { instanceId } = await provider.create()
      await provider.destroy(instanceId)
      await provider.destroy(instanceId)
      assert.deepEqual(existing(), [])
    })

    test('a missing instance is null', async (t) => {
      const { provider } = await begin(t)
      assert.equal(await provider.getById(entry.absentId), null)
    })

    const hasNoOutside = needsNone && 'a client of the engine reaches all of it'

    test('a resource outside the scope is neither found, listed nor destroyed', { skip: hasNoOutside }, async (t) => {
      const { provider, addForeign, existing } = await begin(t)
      const id = addForeign()
      assert.equal(await provider.getById(id), null)
      assert.deepEqual(await provider.list(), [])
      assert.equal(await provider.destroy(id), undefined)
      assert.deepEqual(existing(), [id])
    })

    test("another client's resource in the scope is listed and not called ours", async (t) => {
      const { provider, addOther } = await begin(t)
      const other = addOther()
      const { instanceId } = await provider.create()
      const managed = Object.fromEntries((await provider.list()).map((one) => [one.instanceId, one.instance.managed]))
      assert.deepEqual(managed, { [other]: false, [instanceId]: true })
      assert.deepEqual(ids(await provider.list({ managed: true })), [instanceId])
    })

    test('lists all pages', async (t) => {
      const { provider, addOther, pageSmall } = await begin(t)
      const all = Array.from({ length: 35 }, addOther).sort()
      pageSmall()
      assert.deepEqual(ids(await provider.list()), all)
    })

    test('refuses bad ids before any request', async (t) => {
      const { provider, server } = await begin(t)
      for (const id of [undefined, null, '', 5, {}, ...entry.badIds]) {
        await rejection(provider.getById(id), { code: 'INVALID_ARGUMENT', operation: 'getById' })
        await rejection(provider.destroy(id), { code: 'INVALID_ARGUMENT', operation: 'destroy' })
      }
      assert.equal(server.requests.length, 0)
    })

    test("refuses a value that is no string by the variable's name", async (t) => {
      const { provider, server } = await begin(t)
      const error = await rejection(provider.create({ envs: { SOME_NAME: 12_345_678 } }), { code: 'INVALID_ARGUMENT' })
      assert.ok(error.message.includes('SOME_NAME'), error.message)
      assertNoSecret(error, ['12345678'])
      assert.equal(server.requests.length, 0)
    })

    test('a chosen name is used, and is refused when it is taken', async (t) => {
      const { provider, existing } = await begin(t)
      const { instance, instanceId } = await provider.create({ name: 'my-box' })
      assert.equal(instance.name, 'my-box')
      await rejection(provider.create({ name: 'my-box' }), { code: 'ALREADY_EXISTS', retryable: false })
      assert.deepEqual(existing(), [instanceId])
      await rejection(provider.create({ name: '' }), { code: 'INVALID_ARGUMENT' })
    })

    test('waits until the instance runs if asked to', async (t) => {
      const { provider, plan } = await begin(t)
      plan('runs')
      assert.equal((await provider.create({ waitUntilReady: true })).instance.status, 'running')
    })

    test('removes an instance that does not start', async (t) => {
      const { provider, plan, existing } = await begin(t)
      plan('fails')
      const error = await rejection(provider.create({ waitUntilReady: true }), { code: 'PROVISION_FAILED' })
      assert.equal(typeof error.instanceId, 'string')
      assert.deepEqual(existing(), [])
    })

    test('removes an instance that is not ready in time', async (t) => {
      const { provider, plan, existing } = await begin(t)
      plan('never')
      const error = await rejection(provider.create({ waitUntilReady: true, readyTimeoutMs: 50 }), { code: 'TIMEOUT' })
      assert.equal(typeof error.instanceId, 'string')
      assert.deepEqual(existing(), [])
    })

    for (const [operation, call] of Object.entries(methods)) {
      const opening = openings[operation]

      test(`${operation} with a wrong key rejects`, async (t) => {
        const { provider, server } = await begin(t)
        server.faults.add({ kind: 'respond', status: 401 })
        const expected = { code: 'UNAUTHENTICATED', operation, provider: name, httpStatus: 401 }
        const error = await rejection(call(provider), expected)
        assert.ok(error.message.startsWith(opening), error.message)
        assert.equal(error.retryable, false)
      })

      test(`${operation} that a rate limit refuses says for how long`, async (t) => {
        const { provider, server } = await begin(t)
        server.faults.add({ kind: 'respond', status: 429, headers: { 'retry-after': '3' } })
        await rejection(call(provider), { code: 'RATE_LIMITED', retryAfterMs: 3_000, retryable: true, operation })
      })

      test(`${operation} without a server to talk to is NETWORK`, async (t) => {
        const { provider, server } = await begin(t)
        await server.stopListening()
        const error = await rejection(call(provider), { code: 'NETWORK', retryable: true, operation })
        assert.ok(error.message.startsWith(opening), error.message)
      })

      test(`${operation} with a signal that has fired sends nothing`, async (t) => {
        const { provider, server } = await begin(t)
        await rejection(call(provider, { signal: AbortSignal.abort() }), { code: 'ABORTED', operation })
        await rejection(call(provider, { signal: 'x' }), { code: 'INVALID_ARGUMENT', operation })
        assert.equal(server.requests.length, 0)
      })

      test(`${operation} ends at once when its signal fires`, async (t) => {
        const { provider, server } = await begin(t)
        server.faults.add(FOREVER)
        const controller = new AbortController()
        const { signal } = controller
        const ended = rejection(call(provider, { signal }), { code: 'ABORTED', operation })
        await eventually(() => server.requests.some(({ fault }) => fault), 'the request has arrived')
        controller.abort('enough')
        assert.equal((await ended).cause, 'enough')
        assert.equal(getEventListeners(signal, 'abort').length, 0)
      })

      test(`${operation} follows no redirect`, async (t) => {
        const { provider, server } = await begin(t)
        server.faults.add({ kind: 'respond', status: 307, headers: { location: `${server.url}/elsewhere` } })
        await rejection(call(provider), { httpStatus: 307, operation })
        assert.equal(server.requests.length, 1)
      })
    }
  })
}
