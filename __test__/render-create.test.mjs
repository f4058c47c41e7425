// What `create` asks Render for, and what it makes of the answer (docs/providers/render.md).
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertSame, canary } from './support/canary.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'

/** The fixture in which a service was made with these options (a function: of the fixture), and what was sent for it. */
async function created(t, options) {
  const fixture = await withRender(t)
  const result = await fixture.provider.create(typeof options === 'function' ? options(fixture) : options)
  const [{ json: body }] = fixture.requestsFor('createService')
  return { ...fixture, ...result, body }
}

describe('create', () => {
  test('without options asks for one web service with the default image and a name of ours', async (t) => {
    const { body, instance, ownerId, services, asked } = await created(t)
    assert.match(instance.name, /^computesdk-[0-9a-z]{20}$/)
    assert.deepEqual(body, {
      type: 'web_service',
      name: instance.name,
      ownerId,
      autoDeploy: 'no',
      image: { ownerId, imagePath: 'computesdk/compute:latest' },
      envVars: [],
      serviceDetails: { runtime: 'image' },
    })
    assert.deepEqual(asked(), ['createService'], 'one request makes everything')
    assert.deepEqual(services().map(({ name }) => name), [instance.name])
  })

  test('chooses a fresh name each time, also within one millisecond', async (t) => {
    const { provider, services } = await withRender(t)
    await Promise.all(Array.from({ length: 20 }, () => provider.create()))
    assert.equal(new Set(services().map(({ name }) => name)).size, 20)
  })

  test('gives what Render has answered, as it is when the service was accepted', async (t) => {
    const { instance, instanceId, ownerId, world } = await created(t)
    const service = world.services.get(instanceId)
    assert.deepEqual(instance, {
      serviceId: instanceId,
      ownerId,
      type: 'web_service',
      plan: 'starter',
      region: 'oregon',
      name: service.name,
      status: 'pending',
      createdAt: service.createdAt,
      url: `https://${service.slug}.onrender.com`,
      managed: true,
    })
  })

  test('ignores unknown options, without reading them', async (t) => {
    const options = {
      runtime: 'node',
      timeout: 'whenever',
      metadata: { x: [{}] },
      get surprise() {
        throw new Error('was read')
      },
    }
    const { body } = await created(t, options)
    assert.deepEqual(body.serviceDetails, { runtime: 'image' })
  })
})

describe('an option of Render is sent:', () => {
  const details = {
    plan: ['standard', { plan: 'standard' }],
    'plan, a name that is newer than this package': ['2c-4g', { plan: '2c-4g' }],
    region: ['frankfurt', { region: 'frankfurt' }],
    numInstances: [3, { numInstances: 3 }],
    healthCheckPath: ['/health', { healthCheckPath: '/health' }],
    dockerCommand: ['daemon --port 1', { envSpecificDetails: { dockerCommand: 'daemon --port 1' } }],
  }
  for (const [title, [value, expected]] of Object.entries(details)) {
    test(title, async (t) => {
      const { body } = await created(t, { [title.split(',')[0]]: value })
      assert.deepEqual(body.serviceDetails, { runtime: 'image', ...expected })
    })
  }

  test('registryCredentialId, with the image', async (t) => {
    const { body, ownerId, world } = await created(t, ({ world, owner }) => ({
      image: 'acme/box:1',
      registryCredentialId: world.addRegistryCredential(owner).id,
    }))
    const [{ id }] = world.registryCredentials.values()
    assert.deepEqual(body.image, { ownerId, imagePath: 'acme/box:1', registryCredentialId: id })
  })

  test('environmentId', async (t) => {
    const { body, world } = await created(t, ({ world, owner }) => ({
      environmentId: world.createEnvironment(owner).id,
    }))
    assert.deepEqual([body.environmentId], [...world.environments.keys()])
  })

  for (const serviceType of ['web_service', 'private_service', 'background_worker']) {
    test(`serviceType ${serviceType}, with all that such a service can have`, async (t) => {
      const { body, instance } = await created(t, {
        serviceType,
        plan: 'pro',
        region: 'ohio',
        numInstances: 2,
        dockerCommand: 'daemon',
        ...(serviceType === 'web_service' && { healthCheckPath: '/' }),
      })
      assert.equal(body.type, serviceType)
      assert.deepEqual([instance.type, instance.plan, instance.region], [serviceType, 'pro', 'ohio'])
    })
  }

  test('none for an empty string', async (t) => {
    const names = ['serviceType', 'plan', 'region', 'healthCheckPath', 'dockerCommand']
    const ids = ['registryCredentialId', 'environmentId']
    const { body } = await created(t, Object.fromEntries([...names, ...ids].map((name) => [name, ''])))
    assert.deepEqual(Object.keys(body), ['type', 'name', 'ownerId', 'autoDeploy', 'image', 'envVars', 'serviceDetails'])
    assert.deepEqual(body.serviceDetails, { runtime: 'image' })
  })

  test('the plan free for a web service', async (t) => {
    const { instance } = await created(t, { plan: 'free' })
    assert.equal(instance.plan, 'free')
  })
})

describe('where a service is reached:', () => {
  test('a private service by host and port, without a scheme', async (t) => {
    const { instance } = await created(t, { serviceType: 'private_service' })
    assert.equal(instance.url, `${instance.name}:10000`)
  })

  test('a worker nowhere', async (t) => {
    const { instance } = await created(t, { serviceType: 'background_worker' })
    assert.ok(!Object.hasOwn(instance, 'url'))
  })

  test('a web service at the address that Render returns, not at one derived from its name', async (t) => {
    const { provider, world } = await withRender(t, { server: { slugSuffix: true } })
    const { instance, instanceId } = await provider.create()
    assert.notEqual(world.services.get(instanceId).slug, instance.name)
    assert.equal(instance.url, `https://${world.services.get(instanceId).slug}.onrender.com`)
  })
})

describe('refused before any request, by the field’s name:', () => {
  const rows = [
    ['serviceType', 'cron_job'],
    ['serviceType', 'static_site'],
    ['serviceType', 'WEB_SERVICE'],
    ['serviceType', 5],
    ['plan', 5],
    ['plan', 'free', { serviceType: 'background_worker' }],
    ['plan', 'free', { serviceType: 'private_service' }],
    ['region', {}],
    ['numInstances', 0],
    ['numInstances', -1],
    ['numInstances', 1.5],
    ['numInstances', 1_001],
    ['numInstances', '2'],
    ['healthCheckPath', 'health'],
    ['healthCheckPath', 5],
    ['healthCheckPath', '/health', { serviceType: 'background_worker' }],
    ['healthCheckPath', '/health', { serviceType: 'private_service' }],
    ['dockerCommand', ['daemon']],
    ['registryCredentialId', 5],
    ['environmentId', 5],
  ]
  for (const [field, value, others] of rows) {
    test(`${field}: ${JSON.stringify(value)} ${others?.serviceType ?? ''}`, async (t) => {
      const { provider, server } = await withRender(t)
      const expected = { code: 'INVALID_ARGUMENT', operation: 'create', provider: 'render', retryable: false }
      const error = await rejection(provider.create({ [field]: value, ...others }), expected)
      assert.match(error.message, new RegExp(`${field}\\b`))
      assert.equal(server.requests.length, 0)
    })
  }

  // Neither pattern nor length of a name is documented (docs/providers/render.md).
  const names = { 'a blank one': ' ', 'space at the end': 'box ', 'a line break': 'a\nb', 'a NUL': 'a\0b' }
  for (const [title, name] of Object.entries(names)) {
    test(`a name with characters that are always wrong: ${title}`, async (t) => {
      const { provider, server } = await withRender(t)
      await rejection(provider.create({ name }), { code: 'INVALID_ARGUMENT', message: /options\.name/ })
      assert.equal(server.requests.length, 0)
    })
  }
})

describe('variables', () => {
  const sent = ({ body }) => Object.fromEntries(body.envVars.map(({ key, value }) => [key, value]))

  test('come from daemonConfig, its env and envs, and cannot take the token’s place', async (t) => {
    const daemonConfig = { accessToken: ACCESS_TOKEN, env: { BOTH: canary('daemon') } }
    const fixture = await created(t, { daemonConfig, envs: { BOTH: canary('envs'), EMPTY: '' } })
    const expected = { COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN, BOTH: canary('daemon'), EMPTY: '' }
    assertSame(sent(fixture), expected, 'variables')

    const replaced = { ...daemonConfig, env: { COMPUTESDK_ACCESS_TOKEN: canary('other') } }
    await rejection(fixture.provider.create({ daemonConfig: replaced }), { code: 'INVALID_ARGUMENT' })
    assert.equal(fixture.services().length, 1)
  })

  test('without a token are refused: Render would be sent one without a value', async (t) => {
    const { provider, server } = await withRender(t)
    for (const accessToken of [undefined, '']) {
      const expected = { code: 'INVALID_ARGUMENT', message: /daemonConfig\.accessToken/ }
      await rejection(provider.create({ daemonConfig: { accessToken } }), expected)
    }
    assert.equal(server.requests.length, 0)
  })

  for (const [title, options] of Object.entries({ name: { name: 'box' }, idempotencyKey: { idempotencyKey: 'key' } })) {
    test(`hold a mark of the create under a ${title}`, async (t) => {
      const { provider, world } = await withRender(t)
      const { instanceId } = await provider.create({ ...options, envs: { A: canary('a') } })
      const { COMPUTESDK_CREATE_MARK: mark, ...others } = world.variablesOf(instanceId)
      assert.match(mark, /^computesdk-[0-9a-z]{20}$/)
      assertSame(others, { A: canary('a') }, 'variables')
    })
  }

  test('of the caller do not replace the ownership token', async (t) => {
    const { provider, world } = await withRender(t)
    const { instanceId } = await provider.create({ name: 'box', envs: { COMPUTESDK_CREATE_MARK: 'mine' } })
    assert.notEqual(world.variablesOf(instanceId).COMPUTESDK_CREATE_MARK, 'mine')
  })

  test('hold no mark under a name that was drawn for this create alone', async (t) => {
    const { body } = await created(t)
    assert.deepEqual(body.envVars, [])
  })
})

describe('a name of the caller', () => {
  const names = ['My box 1', 'x'.repeat(100), 'a,b', '50% & more?', 'Größe 🚀', '../owners']
  for (const name of names) {
    test(`reaches Render as it is, and is recognised when it is taken: ${name.slice(0, 20)}`, async (t) => {
      const { provider, services } = await withRender(t)
      const { instance, instanceId } = await provider.create({ name })
      assert.deepEqual([services()[0].name, instance.name, instance.managed], [name, name, false])
      await rejection(provider.create({ name }), { code: 'ALREADY_EXISTS', instanceId, resourceName: name })
      assert.equal(services().length, 1)
    })
  }
})
