import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

const ids = (results) => results.map(({ instanceId }) => instanceId).sort()
const fill = (world, project, count, options) =>
  Array.from({ length: count }, () => world.addService(project, { image: 'x', ...options }).id).sort()

describe('list gives', () => {
  test('an empty array when there is nothing', async (t) => {
    const { provider } = await withRailway(t)
    assert.deepEqual(await provider.list(), [])
  })

  test('exactly what is in the environment, out of several environments and projects', async (t) => {
    const { provider, world, project } = await withRailway(t, { environments: ['production', 'staging'] })
    const [production, staging] = project.environments
    const mine = fill(world, project, 45, { environments: [production] })
    fill(world, project, 10, { environments: [staging] })
    fill(world, world.createProject({ name: 'foreign' }), 3)
    const results = await provider.list()
    assert.deepEqual(ids(results), mine)
    for (const { instance, instanceId } of results) {
      assert.equal(instance.serviceId, instanceId)
      assert.equal(instance.projectId, project.id)
      assert.equal(instance.environmentId, production.id)
    }
  })

  test('all of several pages', async (t) => {
    const { provider, world, project, requestsFor } = await withRailway(t, { server: { pageSizeMaximum: 10 } })
    const all = fill(world, project, 45)
    assert.deepEqual(ids(await provider.list()), all)
    assert.equal(requestsFor('environment').length, 5)
  })

  test('all in one request where the provider allows large pages', async (t) => {
    const { provider, world, project, asked } = await withRailway(t)
    const all = fill(world, project, 300)
    assert.deepEqual(ids(await provider.list()), all)
    assert.deepEqual(asked(), ['environment'])
  })

  test('each instance once, though pages shift while they are read', async (t) => {
    const { provider, server, world, project } = await withRailway(t, { server: { pageSizeMaximum: 10 } })
    const all = fill(world, project, 25)
    let previous
    server.faults.add({
      kind: 'replace',
      times: 3,
      map(json) {
        const { edges } = json.data.environment.serviceInstances
        if (previous) edges.unshift(previous)
        previous = edges.at(-1)
        return json
      },
    })
    assert.deepEqual(ids(await provider.list()), all)
  })

  test('nothing that is deleted, whether or not the API still shows it', async (t) => {
    const { provider, world, project } = await withRailway(t)
    const alive = fill(world, project, 3)
    fill(world, project, 3, { deletedAt: true })
    const gone = world.addService(project, { image: 'x' })
    world.deleteService(gone)
    assert.deepEqual(ids(await provider.list()), alive)
  })

  test('failed and stopped instances, too: a gateway has to reap them', async (t) => {
    const { provider, world, project } = await withRailway(t)
    const all = ['CRASHED', 'FAILED', 'SKIPPED', 'SLEEPING'].map(
      (step) => world.addService(project, { image: 'x', plan: [step] }).id,
    )
    all.push(world.addService(project, { name: 'empty' }).id)
    assert.deepEqual(ids(await provider.list()), all.sort())
  })
})

describe('managed', () => {
  const OURS = 'computesdk-0123456789abcdefghjk'

  test('marks what this package has created, by its name', async (t) => {
    const { provider, world, project } = await withRailway(t)
    const names = [OURS, 'computesdk-gateway', 'computesdk-', `x-${OURS}`.slice(0, 32), OURS.toUpperCase(), 'postgres']
    for (const name of names) world.addService(project, { name, image: 'x' })
    const { instance: created } = await provider.create()
    const managed = (await provider.list()).filter(({ instance }) => instance.managed)
    assert.deepEqual(managed.map(({ instance }) => instance.name).sort(), [OURS, created.name].sort())
  })

  test('list({ managed: true }) leaves out the rest', async (t) => {
    const { provider, world, project } = await withRailway(t)
    fill(world, project, 5)
    world.addService(project, { name: 'computesdk-gateway', image: 'x' })
    const { instanceId } = await provider.create()
    assert.deepEqual(ids(await provider.list({ managed: true })), [instanceId])
    assert.equal((await provider.list({ managed: false })).length, 7)
    assert.equal((await provider.list({})).length, 7)
  })

  test('getById returns it, too', async (t) => {
    const { provider, world, project } = await withRailway(t)
    const foreign = world.addService(project, { name: 'computesdk-gateway', image: 'x' })
    const { instanceId } = await provider.create()
    assert.equal((await provider.getById(foreign.id)).instance.managed, false)
    assert.equal((await provider.getById(instanceId)).instance.managed, true)
  })
})

describe('list rejects instead of giving half of it', () => {
  const PAGES = { server: { pageSizeMaximum: 10 } }

  test('when a page cursor comes twice', async (t) => {
    const { provider, server, world, project, requestsFor } = await withRailway(t, PAGES)
    fill(world, project, 25)
    server.faults.add({
      kind: 'replace',
      times: Infinity,
      map(json) {
        json.data.environment.serviceInstances.pageInfo = { hasNextPage: true, endCursor: 'c2VxdWVuY2U6MQ' }
        return json
      },
    })
    await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, message: /cursor/ })
    assert.equal(requestsFor('environment').length, 2)
  })

  for (const [title, endCursor] of [['no', null], ['an empty', '']]) {
    test(`when another page is announced with ${title} cursor`, async (t) => {
      const { provider, server, world, project, requestsFor } = await withRailway(t, PAGES)
      fill(world, project, 25)
      server.faults.add({
        kind: 'replace',
        map(json) {
          json.data.environment.serviceInstances.pageInfo = { hasNextPage: true, endCursor }
          return json
        },
      })
      await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, message: /cursor/ })
      assert.equal(requestsFor('environment').length, 1)
    })
  }

  test('when a later page fails', async (t) => {
    const { provider, server, world, project } = await withRailway(t, PAGES)
    fill(world, project, 25)
    server.faults.add({
      kind: 'respond',
      status: 503,
      when: ({ variables }) => variables?.after !== undefined,
    })
    await rejection(provider.list(), { code: 'UNAVAILABLE', httpStatus: 503 })
  })

  test('when the environment is not there', async (t) => {
    const { makeProvider } = await withRailway(t)
    await rejection(makeProvider({ environmentId: ABSENT_ID }).list(), { code: 'NOT_FOUND' })
  })

  test('when the project is not there', async (t) => {
    const { makeProvider } = await withRailway(t)
    await rejection(makeProvider({ projectId: ABSENT_ID }).list(), { code: 'NOT_FOUND' })
  })

  test('when the environment belongs to another project and Railway does not mind', async (t) => {
    const { makeProvider, world } = await withRailway(t, { server: { environmentProjectMismatch: 'ignore' } })
    const foreign = world.createProject({ name: 'foreign' })
    fill(world, foreign, 3)
    await rejection(makeProvider({ environmentId: foreign.environments[0].id }).list(), { code: 'NOT_FOUND' })
  })

  test('when the environment is deleted and still shown', async (t) => {
    const { provider, world, environment } = await withRailway(t)
    world.stale = { reads: 10 }
    world.deleteEnvironment(environment)
    await rejection(provider.list(), { code: 'NOT_FOUND' })
  })

  test('when the data has another shape than promised', async (t) => {
    const { provider, server } = await withRailway(t)
    for (const map of [
      (json) => ({ data: { environment: null }, errors: json.errors }),
      () => ({ data: { environment: { serviceInstances: [] } } }),
      () => ({ data: { environment: { serviceInstances: { edges: null, pageInfo: null } } } }),
      () => ({ data: { somethingElse: true } }),
      () => ({ data: [] }),
      () => [],
      () => 'text',
      () => 5,
    ]) {
      server.faults.add({ kind: 'replace', map })
      await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, httpStatus: 200 })
    }
  })
})
