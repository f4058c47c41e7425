import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

describe('create', () => {
  test('without options makes one service with the default image and a name of ours', async (t) => {
    const { provider, services, requestsFor, environmentId, projectId } = await withRailway(t)
    const { instance, instanceId } = await provider.create()
    const [service, ...others] = services()
    assert.equal(others.length, 0)
    assert.equal(service.id, instanceId)
    assert.equal(service.instances[0].image, 'computesdk/compute:latest')
    assert.match(service.name, /^computesdk-[0-9a-z]{20}$/)
    assert.equal(instance.name, service.name)
    assert.equal(instance.managed, true)
    assert.equal(instance.status, 'pending')
    const [{ variables }] = requestsFor('serviceCreate')
    assert.deepEqual(variables, {
      input: { projectId, environmentId, name: service.name, source: { image: 'computesdk/compute:latest' } },
    })
  })

  test('takes undefined, null and an empty object for no options', async (t) => {
    const { provider, services } = await withRailway(t)
    for (const options of [undefined, null, {}]) await provider.create(options)
    assert.equal(services().length, 3)
  })

  test('uses the image that it is given, and the default for an empty one', async (t) => {
    const { provider, services } = await withRailway(t)
    await provider.create({ image: 'ghcr.io/acme/box:1.2@sha256:abc' })
    await provider.create({ image: '' })
    assert.deepEqual(
      services().map(({ instances }) => instances[0].image),
      ['ghcr.io/acme/box:1.2@sha256:abc', 'computesdk/compute:latest'],
    )
  })

  test('ignores unknown options, without reading them', async (t) => {
    const { provider, services } = await withRailway(t)
    await provider.create({
      runtime: 'node',
      timeout: 'whenever',
      metadata: { x: [{}] },
      templateId: 5,
      sandboxId: null,
      get surprise() {
        throw new Error('was read')
      },
    })
    assert.equal(services().length, 1)
  })

  test('chooses a fresh name each time', async (t) => {
    const { provider, services } = await withRailway(t)
    await Promise.all(Array.from({ length: 20 }, () => provider.create()))
    assert.equal(new Set(services().map(({ name }) => name)).size, 20)
  })

  test('does not wait for the instance to run', async (t) => {
    const { provider, requestsFor } = await withRailway(t, { server: { plan: ['QUEUED'] } })
    await provider.create()
    assert.equal(requestsFor('serviceInstance').length, 0)
  })

  const wrong = [
    ['image', 5],
    ['image', ['x']],
    ['name', 5],
    ['waitUntilReady', 'yes'],
    ['waitUntilReady', 1],
    ['readyTimeoutMs', '5'],
    ['readyTimeoutMs', 0],
    ['readyTimeoutMs', -1],
    ['readyTimeoutMs', 1.5],
    ['readyTimeoutMs', NaN],
    ['readyTimeoutMs', Infinity],
    ['daemonConfig', 'x'],
    ['daemonConfig', []],
    ['daemonConfig', new Map()],
    ['envs', 'A=b'],
    ['envs', [['A', 'b']]],
    ['envs', new Map([['A', 'b']])],
    ['allowVariableReferences', 'yes'],
  ]
  for (const [field, value] of wrong) {
    const kind = typeof value === 'object' ? (value.constructor?.name ?? 'object') : `${typeof value} ${value}`
    test(`refuses ${field} of the wrong kind (${kind}) before any request`, async (t) => {
      const { provider, server } = await withRailway(t)
      const expected = { code: 'INVALID_ARGUMENT', operation: 'create', retryable: false }
      const error = await rejection(provider.create({ [field]: value }), expected)
      assert.ok(error.message.includes(`options.${field}`), error.message)
      assert.equal(server.requests.length, 0)
    })
  }

  test('turns an option that throws into a rejection which names it', async (t) => {
    const { provider, server } = await withRailway(t)
    for (const field of ['image', 'name', 'envs', 'daemonConfig', 'waitUntilReady', 'signal', 'region']) {
      const options = {
        get [field]() {
          throw new Error('from the getter')
        },
      }
      const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT' })
      assert.ok(error.message.includes(`options.${field}`), error.message)
    }
    assert.equal(server.requests.length, 0)
    await provider.create({ daemonConfig: { accessToken: ACCESS_TOKEN } })
  })
})

describe('a name', () => {
  test('of the caller becomes the name of the service', async (t) => {
    const { provider, services } = await withRailway(t)
    const { instance } = await provider.create({ name: 'My box 1' })
    assert.equal(services()[0].name, 'My box 1')
    assert.equal(instance.name, 'My box 1')
    assert.equal(instance.managed, false)
  })

  test('of 32 characters is the longest', async (t) => {
    const { provider, services } = await withRailway(t)
    await provider.create({ name: 'x'.repeat(32) })
    assert.equal(services()[0].name.length, 32)
  })

  const bad = {
    'an empty one': '',
    '33 characters': 'x'.repeat(33),
    'a blank one': ' ',
    'space at the end': 'box ',
    'a line break': 'a\nb',
  }
  for (const [title, name] of Object.entries(bad)) {
    test(`that breaks the rules is refused before any request: ${title}`, async (t) => {
      const { provider, server } = await withRailway(t)
      await rejection(provider.create({ name }), { code: 'INVALID_ARGUMENT', message: /options\.name/ })
      assert.equal(server.requests.length, 0)
    })
  }

  test('that is taken is ALREADY_EXISTS, and the service that has it stays', async (t) => {
    const { provider, world, project, services } = await withRailway(t)
    const holder = world.addService(project, { name: 'box', image: 'theirs' })
    await rejection(provider.create({ name: 'box' }), {
      code: 'ALREADY_EXISTS',
      retryable: false,
      instanceId: holder.id,
      resourceName: 'box',
      message: /An instance of this name exists already\.$/,
    })
    assert.deepEqual(services(), [holder])
    assert.equal(holder.instances[0].image, 'theirs')
  })
})
