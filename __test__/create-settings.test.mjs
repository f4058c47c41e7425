import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { assertNoSecret, assertSame, REGISTRY_PASSWORD } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

/** What a create with these options has made of the one instance. */
async function created(t, options) {
  const fixture = await withRailway(t)
  const { instanceId } = await fixture.provider.create(options)
  return { ...fixture, record: fixture.world.instance(instanceId, fixture.environmentId) }
}

describe('an option of Railway reaches the instance', () => {
  test('startCommand', async (t) => {
    const { record } = await created(t, { startCommand: 'daemon --port 1' })
    assert.equal(record.settings.startCommand, 'daemon --port 1')
  })

  test('healthcheckPath', async (t) => {
    const { record } = await created(t, { healthcheckPath: '/health' })
    assert.equal(record.settings.healthcheckPath, '/health')
  })

  test('numReplicas', async (t) => {
    const { record } = await created(t, { numReplicas: 3 })
    assert.equal(record.settings.numReplicas, 3)
  })

  test('region, as the map of regions that Railway reads', async (t) => {
    const { record } = await created(t, { region: 'us-west2' })
    assert.deepEqual(record.settings.multiRegionConfig, { 'us-west2': { numReplicas: 1 } })
  })

  test('region together with numReplicas', async (t) => {
    const { record } = await created(t, { region: 'us-west2', numReplicas: 3 })
    assert.deepEqual(record.settings.multiRegionConfig, { 'us-west2': { numReplicas: 3 } })
  })

  test('vcpus and memoryGB', async (t) => {
    const { record } = await created(t, { vcpus: 0.5, memoryGB: 2 })
    assert.deepEqual(record.limits, { vCPUs: 0.5, memoryGB: 2 })
  })

  test('vcpus alone', async (t) => {
    const { record } = await created(t, { vcpus: 8 })
    assert.deepEqual(record.limits, { vCPUs: 8, memoryGB: null })
  })

  test('registryCredentials', async (t) => {
    const registryCredentials = { username: 'robot', password: REGISTRY_PASSWORD }
    const { record, asked } = await created(t, { registryCredentials })
    assertSame(record.registryCredentials, registryCredentials, 'registryCredentials')
    assert.deepEqual(asked(), ['environments', 'serviceCreate'], 'serviceCreate knows them: no further request')
  })

  test('all of them at once, in place before the one deployment', async (t) => {
    const { record, world, environmentId, asked } = await created(t, {
      image: 'acme/box:1',
      region: 'us-west2',
      startCommand: 'daemon',
      numReplicas: 2,
      healthcheckPath: '/health',
      vcpus: 2,
      memoryGB: 4,
      registryCredentials: { username: 'robot', password: REGISTRY_PASSWORD },
    })
    assert.equal(record.image, 'acme/box:1')
    assert.equal(record.deployments.length, 1)
    assert.equal(world.runningInstances(environmentId).length, 1)
    assert.equal(asked().at(-1), 'serviceInstanceDeployV2')
  })

  test('an empty string counts as not given', async (t) => {
    const { asked } = await created(t, { region: '', startCommand: '', healthcheckPath: '' })
    assert.deepEqual(asked(), ['environments', 'serviceCreate'])
  })
})

describe('a bad value is refused before any request', () => {
  const credentials = { username: 'robot', password: REGISTRY_PASSWORD }
  const rows = [
    ['region', 5],
    ['region', {}],
    ['startCommand', ['daemon']],
    ['startCommand', 5],
    ['numReplicas', 0],
    ['numReplicas', -1],
    ['numReplicas', 1.5],
    ['numReplicas', NaN],
    ['numReplicas', 1e9],
    ['numReplicas', '2'],
    ['healthcheckPath', 'health'],
    ['healthcheckPath', 5],
    ['vcpus', 0],
    ['vcpus', -1],
    ['vcpus', NaN],
    ['vcpus', Infinity],
    ['vcpus', '2'],
    ['memoryGB', 0],
    ['memoryGB', -0.5],
    ['memoryGB', 1e9],
    ['memoryGB', '4'],
    ['registryCredentials', REGISTRY_PASSWORD],
    ['registryCredentials', [credentials]],
    ['registryCredentials', {}],
    ['registryCredentials', { username: 'robot' }],
    ['registryCredentials', { password: REGISTRY_PASSWORD }],
    ['registryCredentials', { ...credentials, username: '' }],
    ['registryCredentials', { ...credentials, password: 12_345_678 }],
  ]
  rows.forEach(([field, value], index) => {
    const kind = typeof value === 'number' ? value : typeof value
    test(`${field} (${index}: ${kind})`, async (t) => {
      const { provider, server } = await withRailway(t)
      const error = await rejection(provider.create({ [field]: value }), { code: 'INVALID_ARGUMENT', retryable: false })
      assert.ok(error.message.includes(`options.${field}`), error.message)
      assertNoSecret(error, ['12345678'])
      assert.equal(server.requests.length, 0)
    })
  })
})
