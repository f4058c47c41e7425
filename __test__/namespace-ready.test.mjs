// waitUntilReady at Namespace: the instance is looked at until it runs, has failed, or the time is up.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { assertNoSecret } from './support/canary.mjs'
import { withNamespace } from './support/namespace.mjs'
import { rejection } from './support/rejection.mjs'
import { connectError, PLANS, SECRETS } from './servers/namespace/index.mjs'

const READY = { waitUntilReady: true }
const look = 'DescribeInstance'

/** A reason as an instance has it that is down; only the fields are on record (docs/providers/namespace.md). */
const reason = (fields) => ({ errorCode: 1, containerName: 'main-container', ...fields })

const idsOf = (instances) => instances.map(({ id }) => id)

// These tests are mostly waits between two probes, so they run side by side.
describe('waitUntilReady', { concurrency: true }, () => {
  test('reads until the instance runs, and returns it as it is then', async (t) => {
    const { provider, instances, requestsFor } = await withNamespace(t, { server: { plan: PLANS.runs } })
    const { instance, instanceId } = await provider.create({ ...READY, exportPorts: [8080] })
    assert.equal(instance.status, 'running')
    assert.ok(instance.url && instance.deadline && instance.name, 'as complete as without the wait')
    assert.deepEqual(idsOf(instances()), [instanceId])
    assert.equal(requestsFor(look).length, PLANS.runs.length)
    assert.deepEqual(requestsFor(look)[0].json, { instanceId })
  })

  test('does not wait for what the provider does not know yet: RUNNING is not a word of the daemon', async (t) => {
    const { provider } = await withNamespace(t, { server: { plan: PLANS.crashes } })
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  test('rejects when the instance has failed, says why in the words of Namespace, and removes it', async (t) => {
    const shutdownReasons = [
      reason({ errorMessage: 'container main-container has failed', containerFailedReason: 'image not found' }),
      reason({ errorMessage: '', containerFailedReason: 'exited with code 1' }),
    ]
    const plan = ['CREATING', { status: 'ERROR', shutdownReasons }]
    const { provider, instances, requestsFor } = await withNamespace(t, { server: { plan } })
    const error = await rejection(provider.create(READY), {
      code: 'PROVISION_FAILED',
      operation: 'create',
      retryable: false,
      message:
        /made and removed again: .*ERROR: container main-container has failed; image not found; exited with code 1$/,
    })
    assert.deepEqual(idsOf(instances()), [])
    const [{ json }] = requestsFor('DestroyInstance')
    assert.equal(error.instanceId, json.instanceId)
    assert.match(error.resourceName, /^computesdk-/)
    assertNoSecret(error, SECRETS)
  })

  test('rejects when the instance has failed without a reason', async (t) => {
    const plan = [{ status: 'ERROR', shutdownReasons: [] }]
    const { provider, instances } = await withNamespace(t, { server: { plan } })
    await rejection(provider.create(READY), { code: 'PROVISION_FAILED', message: /the status ERROR\.$/ })
    assert.deepEqual(idsOf(instances()), [])
  })

  for (const status of ['DESTROYED', 'DESTROYING', 'SUSPENDING', 'SUSPENDED']) {
    test(`rejects when the instance is ${status} before it ran, and leaves nothing`, async (t) => {
      const { provider, instances, requestsFor } = await withNamespace(t, { server: { plan: ['CREATING', status] } })
      const message = new RegExp(`removed again: .*${status}`)
      await rejection(provider.create(READY), { code: 'PROVISION_FAILED', message })
      assert.deepEqual(idsOf(instances()), [])
      assert.equal(requestsFor('DestroyInstance').length, 1, 'what is known to be gone is not asked for again')
    })
  }

  test('rejects when another client destroys the instance meanwhile', async (t) => {
    const { provider, server, world, instances } = await withNamespace(t, { server: { plan: PLANS.never } })
    const rejected = rejection(provider.create(READY), { code: 'PROVISION_FAILED' })
    await server.waitForRequest(look)
    world.destroy(instances()[0], 'by hand')
    await rejected
  })

  test('waits on at a state that no version knows yet', async (t) => {
    const { provider } = await withNamespace(t, { server: { plan: ['CREATING', 'STATUS_OF_TOMORROW', 'RUNNING'] } })
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  test('that runs out of time removes the instance and rejects with TIMEOUT', async (t) => {
    const { provider, instances, requestsFor } = await withNamespace(t, { server: { plan: PLANS.never } })
    const error = await rejection(provider.create({ ...READY, readyTimeoutMs: 100 }), {
      code: 'TIMEOUT',
      operation: 'create',
      message: /removed again.*100 ms/,
    })
    assert.equal(error.instanceId, requestsFor('DestroyInstance')[0].json.instanceId)
    assert.deepEqual(idsOf(instances()), [])
  })

  test('continues while reads lag', async (t) => {
    const { provider, world } = await withNamespace(t, { server: { plan: ['RUNNING'] } })
    world.lag = { reads: 2 }
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  const moments = {
    'without service': connectError('unavailable'),
    'with too many calls': connectError('resource_exhausted'),
    'that ends the connection': { kind: 'reset-before' },
    'that answers with a page': { kind: 'html', status: 200 },
  }
  for (const [title, fault] of Object.entries(moments)) {
    test(`continues after a moment ${title}`, async (t) => {
      const { provider, server } = await withNamespace(t, { server: { plan: ['RUNNING'] } })
      server.faults.add({ ...fault, when: look })
      assert.equal((await provider.create(READY)).instance.status, 'running')
    })
  }

  test('gives up, and removes the instance, when the token may not look', async (t) => {
    const { makeProvider, world, workspace, instances } = await withNamespace(t)
    const token = world.addToken({ workspace, actions: ['create', 'destroy'] })
    await rejection(makeProvider({ token }).create(READY), { code: 'PERMISSION_DENIED', message: /removed again/ })
    assert.deepEqual(idsOf(instances()), [])
  })

  test('says what is left where the token may not remove it', async (t) => {
    const { makeProvider, world, workspace, instances } = await withNamespace(t, { server: { plan: ['ERROR'] } })
    const token = world.addToken({ workspace, actions: ['create', 'get'] })
    const error = await rejection(makeProvider({ token }).create(READY), {
      code: 'PROVISION_FAILED',
      retryable: false,
      message: /could not be removed again/,
    })
    assert.deepEqual(idsOf(instances()), [error.instanceId])
  })

  test('false is the default: a start that fails later is no failure of create', async (t) => {
    const { provider, instances, asked } = await withNamespace(t, { server: { plan: PLANS.fails } })
    await provider.create({ waitUntilReady: false })
    await provider.create()
    assert.equal(instances().length, 2)
    assert.deepEqual(asked(), ['CreateInstance', 'CreateInstance'])
  })
})
