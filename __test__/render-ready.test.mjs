// `waitUntilReady` at Render: the deploy that the create has started is followed to its end (docs/providers/render.md).
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { renderError } from './servers/render/index.mjs'

const READY = { waitUntilReady: true }
const withPlan = (t, ...plan) => withRender(t, { server: { plan } })

// These tests are mostly waits between two probes, so they run side by side.
describe('waitUntilReady', { concurrency: true }, () => {
  test('follows the deploy whose id came with the answer, until it is live', async (t) => {
    const { provider, asked, requestsFor, services } = await withPlan(t, 'created', 'update_in_progress', 'live')
    const { instance, instanceId } = await provider.create(READY)
    assert.equal(instance.status, 'running')
    assert.deepEqual(services().map(({ id }) => id), [instanceId])
    const look = ['retrieveDeploy', 'retrieveService']
    assert.deepEqual(asked(), ['createService', ...look, ...look, ...look])
    const [{ id }] = services()[0].deploys
    assert.equal(requestsFor('retrieveDeploy')[0].path, `/v1/services/${instanceId}/deploys/${id}`)
  })

  test('returns the fields that are known only now', async (t) => {
    const { provider, server } = await withPlan(t, 'live')
    const forgetUrl = ({ service: { serviceDetails, ...service }, deployId }) => {
      const { url: _url, ...details } = serviceDetails
      return { service: { ...service, serviceDetails: details }, deployId }
    }
    server.faults.add({ kind: 'replace', when: 'createService', map: forgetUrl })
    assert.match((await provider.create(READY)).instance.url, /^https:/)
  })

  test('continues at every status, and without one, of a deploy that is not over', async (t) => {
    const steps = ['queued', 'build_in_progress', 'pre_deploy_in_progress', null, undefined, 'a_status_of_tomorrow']
    const { provider } = await withPlan(t, ...steps, 'live')
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  for (const status of ['build_failed', 'pre_deploy_failed', 'update_failed', 'canceled']) {
    test(`rejects at ${status}, and the service is gone`, async (t) => {
      const { provider, services, requestsFor } = await withPlan(t, 'created', status)
      const error = await rejection(provider.create(READY), {
        code: 'PROVISION_FAILED',
        retryable: false,
        operation: 'create',
        message: new RegExp(`removed again.*${status}`),
      })
      assert.equal(requestsFor('deleteService')[0].path, `/v1/services/${error.instanceId}`)
      assert.match(error.resourceName, /^computesdk-/)
      assert.deepEqual(services(), [])
    })
  }

  for (const [title, plan] of Object.entries({
    'after it went live': [{ status: 'live', suspendedBy: 'stuck_crashlooping' }],
    'before it went live': ['update_in_progress', { status: 'update_in_progress', suspendedBy: 'stuck_crashlooping' }],
  })) {
    test(`rejects when Render has suspended what keeps crashing, ${title}`, async (t) => {
      const { provider, services } = await withPlan(t, ...plan)
      const expected = { code: 'PROVISION_FAILED', message: /suspended \(stuck_crashlooping\)/ }
      await rejection(provider.create({ ...READY, readyTimeoutMs: 5_000 }), expected)
      assert.deepEqual(services(), [])
    })
  }

  test('that runs out of time destroys the service and rejects with TIMEOUT', async (t) => {
    const { provider, services } = await withPlan(t, 'update_in_progress')
    const expected = { code: 'TIMEOUT', message: /removed again.*100 ms/ }
    await rejection(provider.create({ ...READY, readyTimeoutMs: 100 }), expected)
    assert.deepEqual(services(), [])
  })

  test('accepts a newer deploy that has replaced the followed one', async (t) => {
    const { provider, world, server, services } = await withPlan(t, 'update_in_progress')
    const created = provider.create(READY)
    await server.waitForRequest('retrieveDeploy')
    const [service] = services()
    // As after a changed setting: the new deploy goes live, and the first is deactivated.
    world.deploys.end(service.deploys[0], 'deactivated')
    world.deploy(service, { plan: ['live'] })
    assert.equal((await created).instance.status, 'running')
  })

  test('finds the deploy if the response did not name it', async (t) => {
    const { provider, server, asked } = await withPlan(t, 'update_in_progress', 'live')
    server.faults.add({ kind: 'replace', when: 'createService', map: ({ service }) => ({ service, deployId: null }) })
    assert.equal((await provider.create(READY)).instance.status, 'running')
    assert.deepEqual(asked(), ['createService', 'listDeploys', 'retrieveDeploy', 'retrieveService'])
  })

  test('continues while a deploy does not show, named or not', async (t) => {
    for (const deployId of ['as it is', undefined]) {
      const { provider, server, world } = await withPlan(t, 'live')
      world.lag = { ...world.lag, deployReads: 2 }
      const map = ({ service, deployId: id }) => ({ service, deployId: deployId && id })
      server.faults.add({ kind: 'replace', when: 'createService', map })
      assert.equal((await provider.create(READY)).instance.status, 'running')
    }
  })

  test('continues while a service does not show', async (t) => {
    const { provider, world } = await withPlan(t, 'live')
    world.lag = { ...world.lag, reads: 2, serviceById: true }
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  test('continues after a probe that fails for a moment', async (t) => {
    const { provider, server } = await withPlan(t, 'live')
    server.faults.add({ kind: 'respond', status: 503, when: 'retrieveDeploy' })
    server.faults.add({ kind: 'respond', status: 200, body: 'not JSON', when: 'retrieveService' })
    assert.equal((await provider.create(READY)).instance.status, 'running')
  })

  test('ends, and removes the service, when reading is forbidden', async (t) => {
    const { provider, server, services } = await withPlan(t, 'live')
    server.faults.add({ ...renderError(403, 'Forbidden'), when: 'retrieveDeploy' })
    await rejection(provider.create(READY), { code: 'PERMISSION_DENIED', message: /removed again: Forbidden$/ })
    assert.deepEqual(services(), [])
  })

  test('false is the default: a start that fails later is no failure of create', async (t) => {
    const { provider, services, asked } = await withPlan(t, 'update_failed')
    await provider.create({ waitUntilReady: false })
    await provider.create()
    assert.equal(services().length, 2)
    assert.deepEqual(asked(), ['createService', 'createService'])
  })

  test('that cannot remove what did not start says what is left', async (t) => {
    const { provider, server, services } = await withPlan(t, 'update_failed')
    server.faults.add({ ...renderError(403, 'Forbidden'), when: 'deleteService', times: Infinity })
    const expected = { code: 'PROVISION_FAILED', message: /could not be removed again \(Forbidden\)/ }
    const error = await rejection(provider.create(READY), expected)
    assert.deepEqual(services().map(({ id, name }) => [id, name]), [[error.instanceId, error.resourceName]])
  })
})
