import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { graphqlError } from './servers/railway/index.mjs'

const READY = { waitUntilReady: true }

// These tests are mostly waits between two probes, so they run side by side.
describe('waitUntilReady', { concurrency: true }, () => {
  for (const step of ['SUCCESS', 'SLEEPING']) {
    test(`resolves with a running instance at ${step}`, async (t) => {
      const { provider, services } = await withRailway(t, { server: { plan: ['QUEUED', step] } })
      const { instance, instanceId } = await provider.create(READY)
      assert.equal(instance.status, 'running')
      assert.deepEqual(services().map(({ id }) => id), [instanceId])
    })
  }

  test('probes until the deployment has gone through all its states', async (t) => {
    const { provider, requestsFor } = await withRailway(t, {
      server: { plan: ['QUEUED', 'DEPLOYING', 'SUCCESS'] },
    })
    assert.equal((await provider.create(READY)).instance.status, 'running')
    assert.equal(requestsFor('serviceInstance').length, 3)
  })

  for (const step of ['FAILED', 'CRASHED', 'REMOVED', 'SKIPPED', 'NEEDS_APPROVAL']) {
    test(`rejects at ${step}, and the service is gone`, async (t) => {
      const { provider, services, requestsFor } = await withRailway(t, { server: { plan: [step] } })
      const error = await rejection(provider.create(READY), {
        code: 'PROVISION_FAILED',
        retryable: false,
        operation: 'create',
        message: new RegExp(`removed again.*${step}`),
      })
      assert.equal(error.instanceId, requestsFor('serviceDelete')[0].variables.id)
      assert.deepEqual(services(), [])
    })
  }

  test('rejects when the process has ended, and the service is gone', async (t) => {
    const plan = [{ status: 'SUCCESS', deploymentStopped: true }]
    const { provider, services } = await withRailway(t, { server: { plan } })
    await rejection(provider.create(READY), { code: 'PROVISION_FAILED' })
    assert.deepEqual(services(), [])
  })

  test('that runs out of time destroys the instance and rejects with TIMEOUT', async (t) => {
    const { provider, services, requestsFor } = await withRailway(t, { server: { plan: ['BUILDING'] } })
    const error = await rejection(provider.create({ ...READY, readyTimeoutMs: 100 }), {
      code: 'TIMEOUT',
      message: /removed again.*100 ms/,
      operation: 'create',
    })
    assert.equal(error.instanceId, requestsFor('serviceDelete')[0].variables.id)
    assert.deepEqual(services(), [])
  })

  test('continues while reads lag and the deployment is null at first', async (t) => {
    const { provider, world } = await withRailway(t, { server: { plan: ['SUCCESS'] } })
    world.lag = { reads: 1, deploymentReads: 1 }
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  test('continues after a probe that fails for a moment', async (t) => {
    const { provider, server } = await withRailway(t, { server: { plan: ['SUCCESS'] } })
    server.faults.add({ kind: 'respond', status: 503, when: 'serviceInstance' })
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  test('gives up, and removes the instance, when looking is forbidden', async (t) => {
    const { provider, server, services } = await withRailway(t)
    server.faults.add({ ...graphqlError('Not Authorized'), when: 'serviceInstance' })
    await rejection(provider.create(READY), { code: 'PERMISSION_DENIED', message: /removed again/ })
    assert.deepEqual(services(), [])
  })

  test('works where the service was made in steps, too', async (t) => {
    const { provider } = await withRailway(t, {
      environments: ['production', 'staging'],
      server: { plan: ['SUCCESS'] },
    })
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  test('false is the default: a start that fails later is no failure of create', async (t) => {
    const { provider, services } = await withRailway(t, { server: { plan: ['FAILED'] } })
    await provider.create({ waitUntilReady: false })
    await provider.create()
    assert.equal(services().length, 2)
  })
})
