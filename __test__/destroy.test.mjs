import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { railway } from '@computesdk/gateway'

import { canary } from './support/canary.mjs'
import { MISSING, withValue } from './support/drift.mjs'
import { setEnvironment } from './support/environment.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { graphqlError } from './servers/railway/index.mjs'

const SHARED = ['production', 'staging', { name: 'pr-1', forkOf: 'production' }]

/** A provider of another process: of another credential, so that this process remembers nothing of its services. */
function stranger({ world, makeProvider }) {
  return makeProvider({ apiKey: world.addToken({ kind: 'account', token: canary(`stranger-${world.tokens.size}`) }) })
}

describe('destroying', () => {
  test('a missing instance succeeds', async (t) => {
    const { provider, requestsFor } = await withRailway(t)
    assert.equal(await provider.destroy(ABSENT_ID), undefined)
    assert.equal(requestsFor('serviceDelete').length, 0)
  })

  test('an instance twice succeeds twice', async (t) => {
    const { provider, services } = await withRailway(t)
    const { instanceId } = await provider.create()
    assert.equal(await provider.destroy(instanceId), undefined)
    assert.equal(await provider.destroy(instanceId), undefined)
    assert.deepEqual(services(), [])
  })

  test('an instance twice at the same time succeeds twice', async (t) => {
    for (const doubleDelete of ['Service not found', 'Not Authorized', 'Problem processing request']) {
      const { provider, services } = await withRailway(t, { server: { doubleDelete } })
      const { instanceId } = await provider.create()
      await Promise.all([provider.destroy(instanceId), provider.destroy(instanceId), provider.destroy(instanceId)])
      assert.deepEqual(services(), [])
    }
  })

  test('leaves the other instances alone', async (t) => {
    const { provider, services } = await withRailway(t)
    const [first, second] = [await provider.create(), await provider.create()]
    await provider.destroy(first.instanceId)
    assert.deepEqual(services().map(({ id }) => id), [second.instanceId])
  })

  test('a service that this process has just created is deleted without a read', async (t) => {
    const { provider, asked } = await withRailway(t)
    const { instanceId } = await provider.create()
    await provider.destroy(instanceId)
    assert.deepEqual(asked(), ['environments', 'serviceCreate', 'serviceDelete'])
  })

  test('a service that this process has just created is deleted while reads do not show it', async (t) => {
    const { provider, world, services } = await withRailway(t)
    world.lag = { reads: 1000 }
    const { instanceId } = await provider.create()
    await provider.destroy(instanceId)
    assert.deepEqual(services(), [])
  })

  test('a young instance of another process works while reads do not show it yet', async (t) => {
    const fixture = await withRailway(t)
    // The service itself is readable first, its instance two reads later.
    fixture.world.lag = { reads: 2 }
    const { instanceId } = await stranger(fixture).create()
    fixture.world.services.get(instanceId).lag = undefined
    await fixture.provider.destroy(instanceId)
    assert.deepEqual(fixture.services(), [])
  })

  test('a young instance of another process works while its date cannot be read either', async (t) => {
    for (const value of [MISSING, null, 7, {}, 'yesterday']) {
      const fixture = await withRailway(t)
      fixture.world.lag = { reads: 2 }
      const { instanceId } = await stranger(fixture).create()
      fixture.world.services.get(instanceId).lag = undefined
      const map = (json) => withValue(json, 'data.service.createdAt', value)
      fixture.server.faults.add({ kind: 'replace', when: 'service', map })
      await fixture.provider.destroy(instanceId)
      assert.deepEqual(fixture.services(), [], String(value))
    }
  })
})

describe("destroying another client's service", () => {
  test('in the only environment removes it wholly', async (t) => {
    const { provider, world, project, services, requestsFor } = await withRailway(t)
    const { id } = world.addService(project, { name: 'postgres', image: 'x' })
    await provider.destroy(id)
    assert.equal(requestsFor('serviceDelete')[0].variables.environmentId, undefined)
    assert.deepEqual(services(), [])
  })

  test('next to other environments removes it from this one only', async (t) => {
    const { provider, world, project, requestsFor } = await withRailway(t, { environments: SHARED })
    const [production, staging, fork] = project.environments
    const { id } = world.addService(project, { name: 'postgres', image: 'x', environments: project.environments })
    await provider.destroy(id)
    assert.equal(requestsFor('serviceDelete')[0].variables.environmentId, production.id)
    assert.deepEqual(world.instances(production.id), [])
    assert.equal(world.runningInstances(staging.id).length, 1)
    assert.equal(world.runningInstances(fork.id).length, 1)
    assert.equal(await provider.getById(id), null)
  })

  test('in a fork removes it from the fork only', async (t) => {
    const { makeProvider, world, project } = await withRailway(t, { environments: SHARED })
    const [production, staging, fork] = project.environments
    const { id } = world.addService(project, { name: 'postgres', image: 'x', environments: project.environments })
    await makeProvider({ environmentId: fork.id }).destroy(id)
    assert.deepEqual(world.instances(fork.id), [])
    for (const kept of [production, staging]) assert.equal(world.runningInstances(kept.id).length, 1)
  })

  test('that only begins with our prefix is treated as what it is', async (t) => {
    const { provider, world, project } = await withRailway(t, { environments: SHARED })
    const [, staging] = project.environments
    const { id } = world.addService(project, { name: 'computesdk-gateway', image: 'x' })
    await provider.destroy(id)
    assert.equal(world.runningInstances(staging.id).length, 1)
  })
})

test('a service of ours is removed wholly, also by a process that has not created it', async (t) => {
  const fixture = await withRailway(t, { environments: SHARED })
  const { instanceId } = await stranger(fixture).create()
  await fixture.provider.destroy(instanceId)
  assert.deepEqual(fixture.services(), [])
})

describe('a service outside the scope counts as gone and is not touched:', () => {
  /** Old enough that its absence is believed at once. */
  function settled(service) {
    service.createdAt = new Date(Date.now() - 3_600_000).toISOString()
    return service
  }

  async function untouched(fixture, provider, id) {
    assert.equal(await provider.destroy(id), undefined)
    assert.equal(fixture.requestsFor('serviceDelete').length, 0)
    assert.equal(fixture.world.services.get(id).deletedAt, null)
  }

  test('a service of another project', async (t) => {
    const fixture = await withRailway(t)
    const { id } = fixture.world.addService(fixture.world.createProject({ name: 'foreign' }), { image: 'x' })
    await untouched(fixture, fixture.provider, id)
  })

  test('a service of another environment', async (t) => {
    const fixture = await withRailway(t, { environments: ['production', 'staging'] })
    const [, staging] = fixture.project.environments
    const { id } = settled(fixture.world.addService(fixture.project, { image: 'x', environments: [staging] }))
    await untouched(fixture, fixture.provider, id)
  })

  test('a service of the environment, when the configured project is another one', async (t) => {
    const fixture = await withRailway(t)
    const { id } = fixture.world.addService(fixture.project, { image: 'x' })
    const foreign = fixture.world.createProject({ name: 'foreign' })
    await untouched(fixture, fixture.makeProvider({ projectId: foreign.id }), id)
  })

  test('a service that the token may not see', async (t) => {
    const fixture = await withRailway(t)
    const foreign = fixture.world.createProject({ name: 'foreign' })
    const { id } = fixture.world.addService(foreign, { image: 'x' })
    fixture.server.faults.add({ ...graphqlError('Not Authorized'), when: 'service' })
    await untouched(fixture, fixture.provider, id)
  })

  test('an instance of ours in another environment of the project', async (t) => {
    const fixture = await withRailway(t, { environments: SHARED })
    const [, , fork] = fixture.project.environments
    const { instanceId } = await fixture.provider.create()
    settled(fixture.services()[0])
    await untouched(fixture, fixture.makeProvider({ environmentId: fork.id }), instanceId)
  })

  test('a service of another environment that is too young to count as absent at once', async (t) => {
    // A request's time limit does not bound the wait for what may yet appear: it is not one request.
    const fixture = await withRailway(t, { environments: ['production', 'staging'], config: { requestTimeoutMs: 500 } })
    const [, staging] = fixture.project.environments
    const service = fixture.world.addService(fixture.project, { image: 'x', environments: [staging] })
    service.createdAt = new Date(Date.now() - 59_000).toISOString()
    await untouched(fixture, fixture.provider, service.id)
    assert.ok(fixture.requestsFor('serviceInstance').length > 1, 'it should have been looked for again')
  })
})

describe('an answer that can mean "gone" and "failed" is settled by reading:', () => {
  const answers = {
    'Not Authorized': graphqlError('Not Authorized'),
    'Problem processing request': graphqlError('Problem processing request', { code: null }),
    false: { kind: 'respond', status: 200, body: { data: { serviceDelete: false } } },
    null: { kind: 'respond', status: 200, body: { data: { serviceDelete: null } } },
  }
  for (const [title, fault] of Object.entries(answers)) {
    test(`${title} for what is gone resolves`, async (t) => {
      const { provider, server, services } = await withRailway(t)
      const { instanceId } = await provider.create()
      server.faults.add({ ...fault, when: 'serviceDelete', effect: true })
      assert.equal(await provider.destroy(instanceId), undefined)
      assert.deepEqual(services(), [])
    })

    test(`${title} for what is still there rejects`, async (t) => {
      const { provider, server, services } = await withRailway(t)
      const { instanceId } = await provider.create()
      server.faults.add({ ...fault, when: 'serviceDelete' })
      await rejection(provider.destroy(instanceId), { operation: 'destroy', instanceId })
      assert.equal(services().length, 1)
      await provider.destroy(instanceId)
      assert.deepEqual(services(), [])
    })
  }

  test('if the read after a failed deletion fails, the error is that of the deletion', async (t) => {
    const { provider, server } = await withRailway(t)
    const { instanceId } = await provider.create()
    server.faults.add({ ...graphqlError('Not Authorized'), when: 'serviceDelete' })
    server.faults.add({ kind: 'respond', status: 503, when: 'serviceInstance' })
    await rejection(provider.destroy(instanceId), { code: 'PERMISSION_DENIED', message: /Not Authorized$/ })
  })
})

describe('destroy rejects when it cannot be established that the instance is gone:', () => {
  const faults = {
    'a wrong key': [{ kind: 'respond', status: 401 }, 'UNAUTHENTICATED'],
    'a failing server': [{ kind: 'respond', status: 503 }, 'UNAVAILABLE'],
    'a rate limit': [{ kind: 'respond', status: 429, headers: { 'retry-after': '7' } }, 'RATE_LIMITED'],
    'a lost connection': [{ kind: 'reset-before' }, 'NETWORK'],
    'a page of HTML': [{ kind: 'html', status: 200 }, undefined],
  }
  for (const [title, [fault, code]] of Object.entries(faults)) {
    for (const when of ['serviceInstance', 'serviceDelete']) {
      test(`${title} at ${when}`, async (t) => {
        const { provider, server, world, project, services } = await withRailway(t)
        const { id } = world.addService(project, { name: 'postgres', image: 'x' })
        server.faults.add({ ...fault, when })
        await rejection(provider.destroy(id), { operation: 'destroy', instanceId: id, ...(code && { code }) })
        assert.equal(services().length, 1)
      })
    }
  }

  test('a member who may not delete', async (t) => {
    const { makeProvider, world, services } = await withRailway(t)
    const apiKey = world.addToken({ kind: 'workspace', canDelete: false, token: canary('member') })
    const provider = makeProvider({ apiKey })
    const { instanceId } = await provider.create()
    await rejection(provider.destroy(instanceId), { code: 'PERMISSION_DENIED', instanceId })
    assert.equal(services().length, 1)
  })

  test('a wrong key from the start: "Not Authorized" is not taken for "gone"', async (t) => {
    const { makeProvider, world, project, services } = await withRailway(t)
    const { id } = world.addService(project, { image: 'x' })
    await rejection(makeProvider({ apiKey: canary('wrong') }).destroy(id), { code: 'PERMISSION_DENIED' })
    assert.equal(services().length, 1)
  })
})

describe('the service that the process itself runs in', () => {
  test('is not destroyed', async (t) => {
    const { provider, server, world, project } = await withRailway(t)
    const { id } = world.addService(project, { name: 'gateway', image: 'x' })
    setEnvironment(t, { RAILWAY_SERVICE_ID: id })
    await rejection(provider.destroy(id), {
      code: 'INVALID_ARGUMENT',
      instanceId: id,
      retryable: false,
      message: /RAILWAY_SERVICE_ID/,
    })
    assert.equal(server.requests.length, 0)
  })

  test('is not destroyed in another spelling of its id either', async (t) => {
    const { provider, server, world, project } = await withRailway(t)
    const { id } = world.addService(project, { name: 'gateway', image: 'x' })
    setEnvironment(t, { RAILWAY_SERVICE_ID: undefined })
    // UUIDs mean the same in capitals: whether Railway folds them is not worth a gateway that deletes itself.
    for (const [own, asked] of [[id, id.toUpperCase()], [id.toUpperCase(), id], [` ${id} `, id]]) {
      process.env.RAILWAY_SERVICE_ID = own
      await rejection(provider.destroy(asked), { code: 'INVALID_ARGUMENT', message: /RAILWAY_SERVICE_ID/ })
    }
    assert.equal(server.requests.length, 0)
  })

  test('can be looked up, and other services can be destroyed', async (t) => {
    const { provider, world, project, services } = await withRailway(t)
    const { id } = world.addService(project, { name: 'gateway', image: 'x' })
    setEnvironment(t, { RAILWAY_SERVICE_ID: id })
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(id)).instanceId, id)
    await provider.destroy(instanceId)
    assert.deepEqual(services().map((service) => service.id), [id])
  })
})

test('a missing credential is not mistaken for a missing instance', async () => {
  await rejection(railway({}).destroy(ABSENT_ID), { code: 'INVALID_CONFIG' })
})
