// What a client sees when something is wrong with the provider, or takes too long.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { graphqlError, tooManyRequests } from '../servers/railway/index.mjs'
import { eventually } from '../support/eventually.mjs'
import { clientOf, gone, PROVIDERS, shown, speakerOf, withGateway, withProvider, withRailway } from './fixture.mjs'

const UNAVAILABLE = { kind: 'respond', status: 503, body: 'upstream connect error' }

test('a throttle of the provider’s is a 429 with the time to wait', async (t) => {
  const { provider, speak, client, faults } = await withRailway(t)
  faults.add({ ...tooManyRequests({ retryAfter: 45 }), when: 'serviceCreate' })
  const { status, headers, json } = await speak('POST', '/v1/sandboxes', {})
  assert.deepEqual([status, headers.get('retry-after'), json.code, json.retryable], [429, '45', 'RATE_LIMITED', true])
  const message = await shown(() => client().create())
  assert.match(message, /^Gateway API error: \{"error":"Failed to create Railway instance: /)
  assert.deepEqual(provider.existing(), [])
})

test('each refusal of the provider’s has its status, and its words reach the client', async (t) => {
  const { provider, client, speak, faults } = await withRailway(t)
  const cases = [
    [graphqlError('Not Authorized'), 403, 'PERMISSION_DENIED'],
    [graphqlError('Project not found'), 400, 'NOT_FOUND'],
    [graphqlError('Your trial has expired. Please select a plan'), 402, 'PAYMENT_REQUIRED'],
    [graphqlError('Too many services', { code: 'PLAN_LIMIT' }), 409, 'QUOTA_EXCEEDED'],
    [{ kind: 'respond', status: 400, body: 'no' }, 502, 'PROTOCOL'],
  ]
  for (const [fault, expected, code] of cases) {
    faults.add({ ...fault, when: 'serviceCreate' })
    const { status, json } = await speak('POST', '/v1/sandboxes', {})
    assert.deepEqual([status, json.code], [expected, code])
  }
  faults.add({ ...graphqlError('Your trial has expired. Please select a plan'), when: 'serviceCreate' })
  const message = await shown(() => client().create())
  assert.match(message, /Gateway API error: .*trial has expired.*PAYMENT_REQUIRED/)
  assert.deepEqual(provider.existing(), [])
})

test('a provider that is down is a bad gateway, and a deletion then is no success', async (t) => {
  const { provider, speak, client, faults } = await withRailway(t)
  const { json } = await speak('POST', '/v1/sandboxes', {})
  faults.add({ ...UNAVAILABLE, times: Infinity })
  for (const [method, path] of [['GET', ''], ['DELETE', ''], ['POST', '/extend']]) {
    const address = `/v1/sandboxes/${json.data.sandboxId}${path}`
    const { status, json: body } = await speak(method, address, method === 'POST' ? {} : undefined)
    assert.deepEqual([status, body.code, body.retryable], [502, 'UNAVAILABLE', true])
  }
  assert.match(await shown(() => client().destroy(json.data.sandboxId)), /^Gateway API error: .*UNAVAILABLE/)
  faults.clear()
  await client().destroy(json.data.sandboxId)
  assert.deepEqual(provider.existing(), [])
})

for (const name of Object.keys(PROVIDERS)) {
  test(`${name}: a create whose answer is lost is one sandbox to the client`, async (t) => {
    const provider = await withProvider(t, name)
    const gateway = await withGateway(t, provider)
    provider.server.faults.add({ kind: 'reset-after', when: provider.create })
    const sandbox = await clientOf(provider, gateway).create()
    assert.deepEqual(provider.existing(), [sandbox.sandboxId])
    assert.equal((await sandbox.runCommand('echo there')).stdout, 'there\n')
    await sandbox.destroy()
    assert.deepEqual(provider.existing(), [])
  })
}

/** One fault, in answer to the create. What hangs does so for longer than the client waits. */
const FAULTS = {
  'a create that is lost before it took effect': { kind: 'reset-before' },
  'a create that is lost after it took effect': { kind: 'reset-after' },
  'a failure of the provider before the effect': { ...UNAVAILABLE, effect: false },
  'a failure of the provider after the effect': { ...UNAVAILABLE, effect: true },
  'a create that hangs before its effect': { kind: 'slow', milliseconds: 45_000, effectFirst: false },
  'a create that hangs after its effect': { kind: 'slow', milliseconds: 45_000, effectFirst: true },
}

// Mostly waits, so they run side by side.
describe('within the 30 s of the client, and with defaults, there is one sandbox after', { concurrency: true }, () => {
  for (const name of Object.keys(PROVIDERS)) {
    for (const [title, fault] of Object.entries(FAULTS)) {
      test(`${title}, at ${name}`, async (t) => {
        const provider = await withProvider(t, name)
        provider.settings = { [name]: { baseUrl: provider.config.baseUrl } }
        const gateway = await withGateway(t, provider)
        provider.server.faults.add({ ...fault, when: provider.create })
        const sandbox = await clientOf(provider, gateway).create()
        assert.deepEqual(provider.existing(), [sandbox.sandboxId])
      })
    }
  }
})

test('a create that takes too long is a 504 in time, and nothing stays of it', async (t) => {
  const { provider, speak, faults } = await withRailway(t, { answerMilliseconds: 300 })
  faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 1000 })
  const { status, json } = await speak('POST', '/v1/sandboxes', {})
  assert.deepEqual([status, json.code], [504, 'TIMEOUT'])
  const removal = ({ operation, status }) => operation === 'serviceDelete' && status
  await eventually(() => provider.server.requests.some(removal), 'it is removed', 20_000)
  assert.deepEqual(provider.existing(), [])
})

test('a client that leaves in the middle of a create leaves nothing behind', async (t) => {
  const { provider, speak, faults } = await withRailway(t)
  faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 500 })
  const controller = new AbortController()
  const [left] = await Promise.allSettled([
    speak('POST', '/v1/sandboxes', {}, { signal: controller.signal }),
    eventually(() => provider.existing().length === 1, 'the create takes effect').then(() => controller.abort()),
  ])
  assert.equal(left.reason.name, 'AbortError')
  await gone(provider)
})

test('a find-or-create that takes long is being created, and the client polls until it exists', async (t) => {
  const provider = await withProvider(t, 'railway')
  const gateway = await withGateway(t, provider, { answerMilliseconds: 200 })
  provider.server.faults.add({ kind: 'slow', when: 'serviceCreate', milliseconds: 1000 })
  const [{ status, json }, sandbox] = await Promise.all([
    speakerOf(provider, gateway)('POST', '/v1/sandboxes/find-or-create', { name: 'app' }),
    clientOf(provider, gateway).findOrCreate({ name: 'app' }),
  ])
  assert.deepEqual([status, json.data.status], [202, 'creating'])
  assert.deepEqual(provider.existing(), [sandbox.sandboxId])
})

test('a sandbox that has ended by itself is gone to the client, and its name makes a new one', async (t) => {
  const { provider, speak } = await withRailway(t)
  const { json } = await speak('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
  // Shown once, so that the package does not wait for it to appear.
  assert.equal((await speak('GET', `/v1/sandboxes/${json.data.sandboxId}`)).status, 200)
  provider.world.deleteService(provider.services()[0])
  assert.equal((await speak('GET', `/v1/sandboxes/${json.data.sandboxId}`)).status, 404)
  const next = await speak('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
  assert.notEqual(next.json.data.sandboxId, json.data.sandboxId)
  assert.deepEqual(provider.existing(), [next.json.data.sandboxId])
})

test('a sandbox can be kept where none expires, and elsewhere the client gets an error', async (t) => {
  const { gateway, provider, speak } = await withRailway(t)
  const { json } = await speak('POST', '/v1/sandboxes', {})
  await clientOf(provider, gateway).extendTimeout(json.data.sandboxId)
  const other = await withProvider(t, 'namespace', { daemon: false })
  const there = await withGateway(t, other)
  const created = await speakerOf(other, there)('POST', '/v1/sandboxes', { timeout: 60_000 })
  const message = await shown(() => clientOf(other, there).extendTimeout(created.json.data.sandboxId))
  assert.match(message, /^Gateway API error: .*lives as long as its create has asked for/)
})
