import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { graphqlError } from './servers/railway/index.mjs'

test('a created instance can be read, destroyed, and is then gone', async (t) => {
  const { provider, services } = await withRailway(t)
  const { instanceId } = await provider.create()
  const found = await provider.getById(instanceId)
  assert.equal(found.instanceId, instanceId)
  assert.equal(await provider.destroy(instanceId), undefined)
  assert.equal(await provider.getById(instanceId), null)
  assert.deepEqual(services(), [])
})

describe('getById gives null', () => {
  test('for an unknown id', async (t) => {
    const { provider } = await withRailway(t)
    assert.equal(await provider.getById(ABSENT_ID), null)
  })

  test('for a service of another project', async (t) => {
    const { provider, world } = await withRailway(t)
    const { id } = world.addService(world.createProject({ name: 'foreign' }), { image: 'x' })
    assert.equal(await provider.getById(id), null)
  })

  test('for a service of another environment', async (t) => {
    const { provider, world, project } = await withRailway(t, { environments: ['production', 'staging'] })
    const { id } = world.addService(project, { image: 'x', environments: [project.environments[1]] })
    assert.equal(await provider.getById(id), null)
  })

  test('for a service that the API still shows with its deletedAt', async (t) => {
    const { provider, world, project } = await withRailway(t)
    const { id } = world.addService(project, { image: 'x', deletedAt: true })
    assert.equal(await provider.getById(id), null)
  })

  test('for an instance whose service alone is marked deleted', async (t) => {
    const { provider, server, world, project } = await withRailway(t)
    const { id } = world.addService(project, { image: 'x' })
    server.faults.add({
      kind: 'replace',
      map(json) {
        json.data.serviceInstance.service.deletedAt = new Date(0).toISOString()
        return json
      },
    })
    assert.equal(await provider.getById(id), null)
  })

  test('for an answer that names another project, whatever the token can see', async (t) => {
    const { provider, server, world, project } = await withRailway(t)
    const { id } = world.addService(project, { image: 'x' })
    server.faults.add({
      kind: 'replace',
      map(json) {
        json.data.serviceInstance.service.projectId = ABSENT_ID
        return json
      },
    })
    assert.equal(await provider.getById(id), null)
  })
})

describe('getById rejects and does not say null', () => {
  test('when the token may not look', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add(graphqlError('Not Authorized'))
    await rejection(provider.getById(ABSENT_ID), { code: 'PERMISSION_DENIED' })
  })

  test('when the answer is the one that can mean anything', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add(graphqlError('Problem processing request', { code: null }))
    await rejection(provider.getById(ABSENT_ID), { code: 'UNAVAILABLE', retryable: true })
  })

  test('when there is no API at the address', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add({ kind: 'respond', status: 404, body: 'not found' })
    await rejection(provider.getById(ABSENT_ID), { httpStatus: 404 })
  })
})

// Waits between two lookups, so they run side by side.
describe('reads that lag behind writes', { concurrency: true }, () => {
  test('do not make getById report an instance of this process missing', async (t) => {
    const { provider, world } = await withRailway(t)
    world.lag = { reads: 3 }
    const { instanceId } = await provider.create()
    const found = await provider.getById(instanceId)
    assert.equal(found?.instanceId, instanceId)
  })

  test('do so also for another provider of the same credential and place', async (t) => {
    const { provider, makeProvider, world } = await withRailway(t)
    world.lag = { reads: 2 }
    const { instanceId } = await provider.create()
    assert.equal((await makeProvider().getById(instanceId))?.instanceId, instanceId)
  })

  test('are waited for however short the time limit of one request is', async (t) => {
    const { provider, world } = await withRailway(t, { config: { requestTimeoutMs: 500 } })
    world.lag = { reads: 3 }
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(instanceId))?.instanceId, instanceId)
  })

  test('do not wait once the instance has been seen', async (t) => {
    const { provider, world, services, requestsFor } = await withRailway(t)
    const { instanceId } = await provider.create()
    assert.notEqual(await provider.getById(instanceId), null)
    // Another client deletes it: the first answer counts.
    world.deleteService(services()[0])
    const before = requestsFor('serviceInstance').length
    assert.equal(await provider.getById(instanceId), null)
    assert.equal(requestsFor('serviceInstance').length, before + 1)
  })

  test('do not wait for an instance that this process has destroyed', async (t) => {
    const { provider, requestsFor } = await withRailway(t)
    const { instanceId } = await provider.create()
    await provider.destroy(instanceId)
    assert.equal(await provider.getById(instanceId), null)
    assert.equal(requestsFor('serviceInstance').length, 1)
  })

  test('do not wait for an instance that this process has not created', async (t) => {
    const { provider, requestsFor } = await withRailway(t)
    assert.equal(await provider.getById(ABSENT_ID), null)
    assert.equal(requestsFor('serviceInstance').length, 1)
  })

  test('are not waited for in another scope', async (t) => {
    const { provider, makeProvider, world, requestsFor, project } = await withRailway(t)
    const elsewhere = world.createEnvironment(project, { name: 'other', forkOf: 'production' })
    world.lag = { reads: 1000 }
    const { instanceId } = await provider.create()
    const before = requestsFor('serviceInstance').length
    assert.equal(await makeProvider({ environmentId: elsewhere.id }).getById(instanceId), null)
    assert.equal(requestsFor('serviceInstance').length, before + 1)
  })
})
