import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { railway } from '@computesdk/gateway'

import './support/environment.mjs'
import { withRailway } from './support/railway.mjs'

const KEYS = ['name', 'create', 'getById', 'list', 'destroy']

test('a factory returns its provider at once', () => {
  const provider = railway({})
  assert.equal(typeof provider.then, 'undefined')
  assert.equal(provider.name, 'railway')
})

test('a factory can be awaited', async () => {
  const provider = await railway({})
  assert.equal(provider.name, 'railway')
})

test('a factory takes no config, undefined and null', () => {
  for (const provider of [railway(), railway(undefined), railway(null)]) assert.deepEqual(Object.keys(provider), KEYS)
})

test('a provider is a plain object with exactly the four methods and its name', () => {
  const provider = railway({})
  assert.deepEqual(Reflect.ownKeys(provider), KEYS)
  assert.equal(Object.getPrototypeOf(provider), Object.prototype)
  for (const key of KEYS) {
    const { enumerable, get } = Object.getOwnPropertyDescriptor(provider, key)
    assert.equal(enumerable, true, key)
    assert.equal(get, undefined, key)
  }
  for (const method of KEYS.slice(1)) assert.equal(typeof provider[method], 'function', method)
})

test('a provider survives being spread into another object', async (t) => {
  const { provider } = await withRailway(t)
  const copy = { ...provider, runCode: () => {} }
  assert.deepEqual(await copy.list(), [])
})

test('methods work when detached', async (t) => {
  const { provider } = await withRailway(t)
  const { create, getById, list, destroy } = provider
  const { instanceId } = await create()
  assert.equal((await getById(instanceId)).instanceId, instanceId)
  assert.equal((await list()).length, 1)
  assert.equal(await destroy(instanceId), undefined)
})

test('every method returns a promise of this realm', async (t) => {
  const { provider } = await withRailway(t)
  const results = [provider.list(), provider.getById(''), provider.destroy(''), provider.create({ name: '' })]
  for (const result of results) assert.ok(result instanceof Promise)
  const outcomes = await Promise.allSettled(results)
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected'],
  )
})

describe('a result', () => {
  const LIVE = ['serviceId', 'projectId', 'environmentId', 'name', 'status', 'createdAt', 'managed']

  function assertShape(result, place) {
    assert.equal(Object.getPrototypeOf(result), Object.prototype)
    assert.deepEqual(Object.keys(result), ['instance', 'instanceId'])
    assert.equal(Object.getPrototypeOf(result.instance), Object.prototype)
    assert.deepEqual(Object.keys(result.instance), LIVE)
    assert.equal(result.instance.serviceId, result.instanceId)
    assert.equal(result.instance.projectId, place.projectId)
    assert.equal(result.instance.environmentId, place.environmentId)
    assert.equal(new Date(result.instance.createdAt).toISOString(), result.instance.createdAt)
    assert.equal(result.instance.managed, true)
  }

  test('of create, getById and list has the fields of 0.3.24 first, then those that all providers share', async (t) => {
    const fixture = await withRailway(t)
    const created = await fixture.provider.create()
    assertShape(created, fixture)
    const found = await fixture.provider.getById(created.instanceId)
    assertShape(found, fixture)
    assert.equal(found.instance.name, created.instance.name)
    const [listed] = await fixture.provider.list()
    assertShape(listed, fixture)
  })

  test('has a url once the service has a domain', async (t) => {
    const { provider, services } = await withRailway(t)
    const { instanceId } = await provider.create()
    const [instance] = services()[0].instances
    instance.domains.push('box.up.railway.app')
    const { instance: found } = await provider.getById(instanceId)
    assert.equal(found.url, 'https://box.up.railway.app')
  })

  test('is a fresh object each time', async (t) => {
    const { provider } = await withRailway(t)
    const { instanceId } = await provider.create()
    const first = await provider.getById(instanceId)
    first.instance.serviceId = 'changed'
    assert.equal((await provider.getById(instanceId)).instance.serviceId, instanceId)
  })

  for (const [step, status] of Object.entries({
    QUEUED: 'pending',
    WAITING: 'pending',
    INITIALIZING: 'pending',
    BUILDING: 'pending',
    DEPLOYING: 'pending',
    NEEDS_APPROVAL: 'pending',
    SUCCESS: 'running',
    SLEEPING: 'running',
    FAILED: 'failed',
    CRASHED: 'failed',
    REMOVING: 'stopped',
    REMOVED: 'stopped',
    SKIPPED: 'stopped',
  })) {
    test(`gives the deployment status ${step} as ${status}`, async (t) => {
      const { provider, world, project } = await withRailway(t)
      const { id } = world.addService(project, { image: 'x', plan: [step] })
      assert.equal((await provider.getById(id)).instance.status, status)
      assert.equal((await provider.list())[0].instance.status, status)
    })
  }

  test('gives a deployment whose process has ended as stopped', async (t) => {
    const { provider, world, project } = await withRailway(t)
    const { id } = world.addService(project, { image: 'x', plan: [{ status: 'SUCCESS', deploymentStopped: true }] })
    assert.equal((await provider.getById(id)).instance.status, 'stopped')
  })

  test('gives a status that the package does not know as unknown', async (t) => {
    const { provider, server, world, project } = await withRailway(t)
    const { id } = world.addService(project, { image: 'x' })
    server.faults.add({
      kind: 'replace',
      when: 'serviceInstance',
      map(json) {
        json.data.serviceInstance.latestDeployment.status = 'INVENTED_NEXT_YEAR'
        return json
      },
    })
    assert.equal((await provider.getById(id)).instance.status, 'unknown')
  })
})

test('a replaced JSON.parse leaves no call pending', { timeout: 5_000 }, async (t) => {
  const { provider } = await withRailway(t)
  const { parse } = JSON
  t.after(() => (JSON.parse = parse))
  const list = provider.list()
  // Only for the result: the server in this process parses, too.
  JSON.parse = (text, ...others) => {
    if (text === '[]') throw new Error('from JSON.parse')
    return parse(text, ...others)
  }
  const [outcome] = await Promise.allSettled([list])
  if (outcome.status === 'fulfilled') assert.deepEqual(outcome.value, [])
  else assert.ok(outcome.reason instanceof Error)
})
