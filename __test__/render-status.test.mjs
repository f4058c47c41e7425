// What becomes of Render's words in `status`, and how much of an answer may be missing.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { renderError } from './servers/render/index.mjs'

/** The status in getById and list of another client's service. */
async function told(t, options, later = () => {}) {
  const fixture = await withRender(t, { server: { newestDeployFirst: options.newestDeployFirst ?? false } })
  const service = fixture.world.addService(fixture.owner, options)
  later(fixture, service)
  const { instance } = await fixture.provider.getById(service.id)
  const [listed] = await fixture.provider.list()
  return { ...fixture, service, instance, listed: listed.instance }
}

describe('the status by the deploy', () => {
  const rows = {
    created: 'pending',
    queued: 'pending',
    build_in_progress: 'pending',
    pre_deploy_in_progress: 'pending',
    update_in_progress: 'pending',
    live: 'running',
    build_failed: 'failed',
    pre_deploy_failed: 'failed',
    update_failed: 'failed',
    canceled: 'failed',
    deactivated: 'unknown',
    a_status_of_tomorrow: 'unknown',
  }
  for (const [step, status] of Object.entries(rows)) {
    test(`${step} is ${status}; a listing does not show it`, async (t) => {
      const { instance, listed } = await told(t, { plan: [step] })
      assert.deepEqual([instance.status, listed.status], [status, 'unknown'])
    })
  }

  for (const step of [null, undefined]) {
    test(`${step} is unknown`, async (t) => {
      assert.equal((await told(t, { plan: [{ status: step }] })).instance.status, 'unknown')
    })
  }

  // The order of a listing is not guaranteed (docs/providers/render.md).
  for (const newestDeployFirst of [true, false]) {
    const order = newestDeployFirst ? 'newest first' : 'oldest first'

    test(`is that of the newest where none is live, listed ${order}`, async (t) => {
      const add = ({ world }, service) => world.deploy(service, { plan: ['update_in_progress'] })
      assert.equal((await told(t, { plan: ['update_failed'], newestDeployFirst }, add)).instance.status, 'pending')
    })

    test(`is that of the live one while a newer is on its way or has failed, listed ${order}`, async (t) => {
      for (const plan of [['update_in_progress'], ['update_failed']]) {
        const add = ({ world }, service) => world.deploy(service, { plan })
        assert.equal((await told(t, { newestDeployFirst }, add)).instance.status, 'running')
      }
    })

    test(`is found among many, listed ${order}`, async (t) => {
      const add = ({ world }, service) => {
        for (let index = 0; index < 30; index += 1) world.deploy(service, { plan: ['live'] })
      }
      assert.equal((await told(t, { newestDeployFirst }, add)).instance.status, 'running')
    })
  }

  test('is unknown where no deploy shows', async (t) => {
    const { provider, world } = await withRender(t, { server: { plan: ['live'] } })
    world.lag = { ...world.lag, deployReads: 1 }
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(instanceId)).instance.status, 'unknown')
    assert.equal((await provider.getById(instanceId)).instance.status, 'running')
  })

  test('is not guessed when it may not be looked at', async (t) => {
    const { provider, server, world, owner } = await withRender(t)
    const { id } = world.addService(owner)
    server.faults.add({ ...renderError(403, 'Forbidden'), when: 'listDeploys' })
    await rejection(provider.getById(id), { code: 'PERMISSION_DENIED' })
  })
})

describe('a suspended service', () => {
  for (const suspender of ['user', 'admin', 'billing', 'stuck_crashlooping', 'somebody_new']) {
    test(`is stopped, in listings, too: by ${suspender}`, async (t) => {
      const { instance, listed, requestsFor } = await told(t, { suspendedBy: [suspender] })
      assert.deepEqual([instance.status, listed.status], ['stopped', 'stopped'])
      assert.equal(requestsFor('listDeploys').length, 0, 'nothing more to ask')
    })
  }

  test('runs again when it was resumed', async (t) => {
    const { provider, world, service } = await told(t, { suspendedBy: ['user'] })
    world.planNext(['live'])
    world.resume(service)
    assert.equal((await provider.getById(service.id)).instance.status, 'running')
  })
})

// Unknown fields, unknown words and nulls occur in recorded answers (docs/providers/render.md).
describe('an answer', () => {
  async function answeredWith(t, map) {
    const { provider, server, world, owner, ownerId } = await withRender(t)
    const service = world.addService(owner)
    server.faults.add({ kind: 'replace', when: 'retrieveService', map })
    return { ...(await provider.getById(service.id)), service, ownerId }
  }

  test('may hold next to nothing', async (t) => {
    const bare = ({ id, ownerId, type }) => ({ id, ownerId, type })
    const { instance, service, ownerId } = await answeredWith(t, bare)
    assert.deepEqual(instance, {
      serviceId: service.id,
      ownerId,
      type: 'web_service',
      status: 'running',
      managed: false,
    })
  })

  test('may hold nulls in the place of everything else', async (t) => {
    const kept = ['id', 'ownerId', 'type']
    const { instance } = await answeredWith(t, (service) =>
      Object.fromEntries(Object.keys(service).map((name) => [name, kept.includes(name) ? service[name] : null])),
    )
    assert.deepEqual(Object.keys(instance), ['serviceId', 'ownerId', 'type', 'status', 'managed'])
  })

  test('may hold plans, regions, words and fields of tomorrow', async (t) => {
    const { instance } = await answeredWith(t, ({ serviceDetails, ...service }) => ({
      ...service,
      suspended: 'half_suspended',
      quantum: { state: [1] },
      serviceDetails: { ...serviceDetails, plan: '96c-1t', region: 'moon', parentServer: null },
    }))
    assert.deepEqual([instance.plan, instance.region, instance.status], ['96c-1t', 'moon', 'running'])
  })

  test('in the newer spelling of a plan stays unchanged', async (t) => {
    const { provider } = await withRender(t, { server: { showPlan: () => '0.5c-512mb' } })
    assert.equal((await provider.create({ plan: 'starter' })).instance.plan, '0.5c-512mb')
  })

  test('with an empty url has none', async (t) => {
    const { instance } = await answeredWith(t, ({ serviceDetails, ...service }) => ({
      ...service,
      serviceDetails: { ...serviceDetails, url: '' },
    }))
    assert.ok(!Object.hasOwn(instance, 'url'))
  })
})
