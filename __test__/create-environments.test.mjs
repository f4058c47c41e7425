import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertSame, canary, PROJECT_TOKEN, REGISTRY_PASSWORD } from './support/canary.mjs'
import { uniqueCanary } from './support/fixture.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { graphqlError } from './servers/railway/index.mjs'

const options = {
  image: 'acme/box:1',
  envs: { A: canary('a') },
  daemonConfig: { accessToken: ACCESS_TOKEN },
}
const variables = { A: canary('a'), COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN }
const OTHERS = ['production', 'staging', { name: 'pr-1', forkOf: 'production' }]

describe('in the only environment of a project', () => {
  test('create reads the environments once and sends one request with image and variables', async (t) => {
    const { provider, services, asked, requestsFor } = await withRailway(t)
    await provider.create(options)
    assert.deepEqual(asked(), ['environments', 'serviceCreate'])
    const { input } = requestsFor('serviceCreate')[0].variables
    assert.equal(input.source.image, 'acme/box:1')
    assertSame(input.variables, variables, 'variables')
    assert.equal(services()[0].instances.length, 1)
  })

  test('a deleted environment does not count', async (t) => {
    const { provider, world, project, asked } = await withRailway(t, { environments: ['production', 'staging'] })
    world.deleteEnvironment(project.environments[1])
    await provider.create(options)
    assert.deepEqual(asked(), ['environments', 'serviceCreate'])
  })
})

describe('in a fork', () => {
  test('create is one request with image and variables, and the other environments get nothing', async (t) => {
    const { makeProvider, project, world, asked } = await withRailway(t, { environments: OTHERS })
    const [production, staging, fork] = project.environments
    const { instanceId } = await makeProvider({ environmentId: fork.id }).create(options)
    assert.deepEqual(asked(), ['environments', 'serviceCreate'])
    assert.deepEqual(world.runningInstances(fork.id).map(({ serviceId }) => serviceId), [instanceId])
    for (const { id } of [production, staging]) assert.deepEqual(world.instances(id), [])
  })
})

describe('next to environments that would get a copy', () => {
  test('nothing runs anywhere but in the configured one', async (t) => {
    const { provider, project, world, services } = await withRailway(t, { environments: OTHERS })
    const [production, staging, fork] = project.environments
    const { instanceId } = await provider.create(options)
    assert.deepEqual(world.runningInstances(production.id).map(({ serviceId }) => serviceId), [instanceId])
    assert.deepEqual(world.runningInstances(staging.id), [])
    assert.deepEqual(world.instances(fork.id), [])
    const here = world.instance(instanceId, production.id)
    const there = world.instance(instanceId, staging.id)
    assert.equal(here.image, 'acme/box:1')
    assertSame(here.variables, variables, 'variables here')
    assert.equal(there.image, null)
    assertSame(there.variables, {}, 'variables there: secrets have no business in another environment')
    assert.equal(services().length, 1)
  })

  test('the service is made empty, then given variables, then its image, and deployed last', async (t) => {
    const { provider, asked, requestsFor } = await withRailway(t, { environments: OTHERS })
    await provider.create(options)
    assert.deepEqual(
      asked().filter((operation) => operation !== 'serviceInstance'),
      ['environments', 'serviceCreate', 'variableCollectionUpsert', 'serviceInstanceUpdate', 'serviceInstanceDeployV2'],
    )
    const { input } = requestsFor('serviceCreate')[0].variables
    assert.deepEqual(Object.keys(input).sort(), ['environmentId', 'name', 'projectId'])
    assert.equal(requestsFor('variableCollectionUpsert')[0].variables.input.skipDeploys, true)
  })

  test('it is deployed once', async (t) => {
    const { provider, world, environmentId } = await withRailway(t, { environments: OTHERS })
    const { instanceId } = await provider.create(options)
    assert.equal(world.instance(instanceId, environmentId).deployments.length, 1)
  })

  test('variables are not written when there are none', async (t) => {
    const { provider, asked } = await withRailway(t, { environments: OTHERS })
    await provider.create()
    assert.equal(asked().includes('variableCollectionUpsert'), false)
  })

  test('an instance that is not readable at first is waited for', async (t) => {
    const { provider, world, environmentId } = await withRailway(t, { environments: OTHERS })
    world.lag = { reads: 2 }
    const { instanceId } = await provider.create(options)
    assert.equal(world.instance(instanceId, environmentId).image, 'acme/box:1')
    assert.equal(world.runningInstances(environmentId).length, 1)
  })

  test('an update that was lost though it was answered with true is repeated before the deployment', async (t) => {
    const { provider, server, world, environmentId, requestsFor } = await withRailway(t, { environments: OTHERS })
    server.faults.add({
      kind: 'respond',
      when: 'serviceInstanceUpdate',
      status: 200,
      body: { data: { serviceInstanceUpdate: true } },
    })
    const { instanceId } = await provider.create(options)
    assert.equal(requestsFor('serviceInstanceUpdate').length, 2)
    assert.equal(requestsFor('serviceInstanceDeployV2').length, 1)
    assert.equal(world.instance(instanceId, environmentId).image, 'acme/box:1')
  })

  test('registry credentials travel with the image and reach no other environment', async (t) => {
    const { provider, requestsFor } = await withRailway(t, { environments: OTHERS })
    const registryCredentials = { username: 'robot', password: REGISTRY_PASSWORD }
    await provider.create({ ...options, registryCredentials })
    const sentWith = (operation) => requestsFor(operation)[0].variables.input.registryCredentials
    assertSame(sentWith('serviceInstanceUpdate'), registryCredentials, 'with the image')
    assertSame(sentWith('serviceCreate'), undefined, 'with the service')
  })
})

describe('a key whose create set the image and died before it deployed', () => {
  const KEY = { ...options, idempotencyKey: 'key' }

  /**
   * Repeats the key where one request creates and deploys. Before, changes the instance that has no deployment.
   *
   * @param {(instance: object, world: object) => void} change
   */
  async function repeated(t, change) {
    const { provider, makeProvider, world, project, environmentId, requestsFor } = await withRailway(t, {
      environments: ['production', 'staging'],
    })
    const { instanceId } = await provider.create(KEY)
    const instance = world.instance(instanceId, environmentId)
    world.deployments.end(instance.deployments.pop())
    world.deleteEnvironment(project.environments[1])
    change(instance, world)
    // Another credential has not read the environments yet.
    const apiKey = world.addToken({ kind: 'account', token: uniqueCanary('later') })
    const again = await makeProvider({ apiKey }).create(KEY)
    assert.equal(again.instanceId, instanceId)
    assert.equal(instance.deployments.length, 1)
    return requestsFor('serviceInstanceDeployV2').length - 1
  }

  test('deploys the service, whose own deployment would show by now', async (t) => {
    const deploys = await repeated(t, (instance) => {
      instance.createdAt = new Date(Date.now() - 61_000).toISOString()
    })
    assert.equal(deploys, 1)
  })

  test('waits for the deployment that a young service may get by itself', async (t) => {
    const deploys = await repeated(t, (instance, world) => {
      world.lag = { deploymentReads: 2 }
      world.deploy(instance)
    })
    assert.equal(deploys, 0)
  })
})

describe('the read of the environments', () => {
  test('happens once, not at every create', async (t) => {
    const { provider, makeProvider, requestsFor } = await withRailway(t)
    await provider.create()
    await provider.create()
    await makeProvider().create()
    assert.equal(requestsFor('environments').length, 1)
    assert.equal(requestsFor('serviceCreate').length, 3)
  })

  test('is shared by creates that begin at the same time', async (t) => {
    const { provider, requestsFor } = await withRailway(t)
    await Promise.all(Array.from({ length: 10 }, () => provider.create()))
    assert.equal(requestsFor('environments').length, 1)
  })

  test('is not shared with another credential', async (t) => {
    const { provider, makeProvider, world, requestsFor } = await withRailway(t)
    const apiKey = world.addToken({ kind: 'account', token: canary('another-tenant') })
    await provider.create()
    await makeProvider({ apiKey }).create()
    assert.equal(requestsFor('environments').length, 2)
  })

  test('covers all pages', async (t) => {
    const { makeProvider, project, world, asked } = await withRailway(t, {
      server: { pageSizeMaximum: 2 },
      environments: [
        { name: 'first' },
        ...['a', 'b', 'c'].map((name) => ({ name, forkOf: 'first' })),
        { name: 'last' },
      ],
    })
    const [first, ...others] = project.environments
    await makeProvider({ environmentId: first.id }).create(options)
    assert.equal(asked().filter((operation) => operation === 'environments').length, 3)
    assert.equal(world.runningInstances(first.id).length, 1)
    for (const { id } of others) assert.deepEqual(world.runningInstances(id), [])
  })

  test('assumes environments that are not forks when the token may not read them', async (t) => {
    const { provider, server, project, world } = await withRailway(t, { environments: ['production', 'staging'] })
    server.faults.add({ ...graphqlError('Not Authorized'), when: 'environments' })
    await provider.create(options)
    const [production, staging] = project.environments
    assert.equal(world.runningInstances(production.id).length, 1)
    assert.deepEqual(world.runningInstances(staging.id), [])
  })

  test('ends the create when the configured environment is not among them', async (t) => {
    const { makeProvider, world, services } = await withRailway(t)
    const foreign = world.createProject({ name: 'foreign' }).environments[0]
    await rejection(makeProvider({ environmentId: foreign.id }).create(), { code: 'NOT_FOUND', instanceId: undefined })
    assert.deepEqual(services(), [])
  })

  test('ends the create when it fails: nothing was sent that could have an effect', async (t) => {
    const { provider, server, services, asked } = await withRailway(t)
    server.faults.add({ kind: 'respond', status: 503, when: 'environments' })
    await rejection(provider.create(), { code: 'UNAVAILABLE', httpStatus: 503, retryable: true, instanceId: undefined })
    assert.deepEqual(asked(), ['environments'])
    assert.deepEqual(services(), [])
  })
})

test('a project token creates, finds, lists and destroys in its environment', async (t) => {
  const { makeProvider, server, services } = await withRailway(t)
  const provider = makeProvider({ apiKey: '', projectToken: PROJECT_TOKEN })
  const { instanceId } = await provider.create(options)
  assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
  assert.equal((await provider.list()).length, 1)
  await provider.destroy(instanceId)
  assert.deepEqual(services(), [])
  for (const { headers } of server.requests) assert.equal('authorization' in headers, false)
})
