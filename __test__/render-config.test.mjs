// Render's settings: where they come from, what is refused, and which of them `create` may override.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { render } from '@computesdk/gateway'

import { assertSame, canary, printable } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { rejection, thrown } from './support/rejection.mjs'
import { ABSENT_ID, withRender } from './support/render.mjs'

// Word for word as in 0.3.24: callers match on them.
const NO_KEY = 'Missing Render API key. Provide apiKey in config or set RENDER_API_KEY environment variable.'
const NO_OWNER = 'Missing Render Owner ID. Provide ownerId in config or set RENDER_OWNER_ID environment variable.'

describe('a missing credential', () => {
  const rows = [
    ['everything', {}, NO_KEY],
    ['the key', { ownerId: 'tea-x' }, NO_KEY],
    ['the owner', { apiKey: canary('key') }, NO_OWNER],
    ['a blank key', { apiKey: ' \t', ownerId: 'tea-x' }, NO_KEY],
    ['a blank owner', { apiKey: canary('key'), ownerId: ' ' }, NO_OWNER],
  ]
  for (const [missing, config, message] of rows) {
    test(`(${missing}) rejects at each method with the text of 0.3.24, and never at the factory`, async () => {
      const { create, getById, list, destroy } = render(config)
      for (const [operation, call] of Object.entries({ create, getById, list, destroy })) {
        const argument = ['getById', 'destroy'].includes(operation) ? ABSENT_ID : undefined
        const expected = { code: 'INVALID_CONFIG', message, operation, provider: 'render', retryable: false }
        await rejection(call(argument), expected)
      }
    })
  }
})

describe('key and owner', () => {
  /** Who asked the server, and for which workspace. */
  const asked = ({ requests }) => {
    const { headers, query } = requests.at(-1)
    return [headers.authorization, query.ownerId]
  }

  test('come from the environment if the config does not have them', async (t) => {
    const { server, apiKey, ownerId } = await withRender(t)
    setEnvironment(t, { RENDER_API_KEY: apiKey, RENDER_OWNER_ID: ownerId })
    for (const config of [{}, { apiKey: '', ownerId: '' }, { apiKey: undefined, ownerId: null }]) {
      assert.deepEqual(await render({ ...config, baseUrl: server.endpoint }).list(), [])
      assertSame(asked(server), [`Bearer ${apiKey}`, ownerId], 'credentials')
    }
  })

  test('come from the config first', async (t) => {
    const { server, provider, apiKey, ownerId } = await withRender(t)
    setEnvironment(t, { RENDER_API_KEY: canary('unknown'), RENDER_OWNER_ID: 'tea-other' })
    assert.deepEqual(await provider.list(), [])
    assertSame(asked(server), [`Bearer ${apiKey}`, ownerId], 'credentials')
  })

  test('are read at each call, not when the provider is made', async (t) => {
    const { server, apiKey, owner, otherOwner } = await withRender(t)
    setEnvironment(t, { RENDER_API_KEY: undefined, RENDER_OWNER_ID: undefined })
    const provider = render({ baseUrl: server.endpoint })
    await rejection(provider.list(), { message: NO_KEY })
    process.env.RENDER_API_KEY = apiKey
    await rejection(provider.list(), { message: NO_OWNER })
    for (const { id } of [owner, otherOwner]) {
      process.env.RENDER_OWNER_ID = id
      assert.deepEqual(await provider.list(), [])
      assertSame(asked(server), [`Bearer ${apiKey}`, id], 'credentials')
    }
  })

  test('are sent without the white space around them', async (t) => {
    const { server, makeProvider, apiKey, ownerId } = await withRender(t)
    assert.deepEqual(await makeProvider({ apiKey: ` ${apiKey}\n`, ownerId: ` ${ownerId} ` }).list(), [])
    setEnvironment(t, { RENDER_API_KEY: `${apiKey} `, RENDER_OWNER_ID: `\t${ownerId}` })
    assert.deepEqual(await render({ baseUrl: server.endpoint }).list(), [])
    assertSame(asked(server), [`Bearer ${apiKey}`, ownerId], 'credentials')
  })

  test('of a bad form in the environment are refused by the variable’s name', async (t) => {
    const { server, apiKey } = await withRender(t)
    const provider = render({ baseUrl: server.endpoint })
    setEnvironment(t, { RENDER_API_KEY: canary('two words'), RENDER_OWNER_ID: 'tea-a,tea-b' })
    await rejection(provider.list(), { code: 'INVALID_CONFIG', message: /RENDER_API_KEY/ })
    process.env.RENDER_API_KEY = apiKey
    // A comma would ask for two workspaces (docs/providers/render.md).
    await rejection(provider.list(), { code: 'INVALID_CONFIG', message: /RENDER_OWNER_ID/ })
    assert.equal(server.requests.length, 0)
  })
})

describe('a value of the wrong type or form throws at the factory and names the field:', () => {
  const rows = [
    ['apiKey', 5],
    ['apiKey', canary('with\nnewline')],
    ['ownerId', 5],
    ['ownerId', 'tea-a,tea-b'],
    ['ownerId', 'tea-a&type=cron_job'],
    ['ownerId', '../owners'],
    ['serviceType', 'cron_job'],
    ['serviceType', 5],
    ['plan', {}],
    ['region', 5],
    ['registryCredentialId', ['x']],
    ['baseUrl', 'http://example.com'],
    ['requestTimeoutMs', '5'],
    ['maxRetries', -1],
  ]
  for (const [field, value] of rows) {
    test(`${field}: ${typeof value === 'string' ? printable(JSON.stringify(value)) : typeof value}`, () => {
      const expected = { code: 'INVALID_CONFIG', provider: 'render', operation: 'configure', retryable: false }
      const error = thrown(() => render({ [field]: value }), expected)
      assert.ok(error.message.startsWith('Invalid Render configuration: '), error.message)
      assert.ok(error.message.includes(`config.${field} `), error.message)
    })
  }
})

describe('defaults of create', () => {
  const DEFAULTS = { serviceType: 'private_service', plan: 'standard', region: 'ohio' }

  async function created(t, config, options) {
    const { makeProvider, requestsFor, world, owner } = await withRender(t)
    const registryCredentialId = world.addRegistryCredential(owner).id
    await makeProvider({ ...config, registryCredentialId }).create(options)
    const [{ json }] = requestsFor('createService')
    const { plan, region } = json.serviceDetails
    return { type: json.type, plan, region, credential: json.image.registryCredentialId, registryCredentialId }
  }

  test('come from the config', async (t) => {
    const { type, plan, region, credential, registryCredentialId } = await created(t, DEFAULTS)
    assert.deepEqual([type, plan, region, credential], ['private_service', 'standard', 'ohio', registryCredentialId])
  })

  test('are overridden by the options, one by one', async (t) => {
    for (const [field, value] of Object.entries({ serviceType: 'web_service', plan: 'pro', region: 'virginia' })) {
      const { type, plan, region } = await created(t, DEFAULTS, { [field]: value })
      const expected = { ...DEFAULTS, [field]: value }
      assert.deepEqual({ serviceType: type, plan, region }, expected)
    }
  })

  test('are not overridden by an empty option', async (t) => {
    const { type, plan, region } = await created(t, DEFAULTS, { serviceType: '', plan: '', region: '' })
    assert.deepEqual({ serviceType: type, plan, region }, DEFAULTS)
  })

  test('are Render’s own unless the caller gives others', async (t) => {
    const { type, plan, region } = await created(t, {})
    assert.deepEqual([type, plan, region], ['web_service', undefined, undefined])
  })

  test('that do not go together are refused by create', async (t) => {
    const { makeProvider, server } = await withRender(t)
    const free = makeProvider({ plan: 'free' })
    await rejection(free.create({ serviceType: 'background_worker' }), { code: 'INVALID_ARGUMENT', message: /free/ })
    const worker = makeProvider({ serviceType: 'background_worker' })
    await rejection(worker.create({ healthCheckPath: '/' }), { code: 'INVALID_ARGUMENT', message: /healthCheckPath/ })
    assert.equal(server.requests.length, 0)
    await worker.create({ serviceType: 'web_service', healthCheckPath: '/' })
  })
})

test('a base URL may have a slash at its end', async (t) => {
  const { makeProvider, server } = await withRender(t)
  assert.deepEqual(await makeProvider({ baseUrl: `${server.endpoint}/` }).list(), [])
  assert.equal(server.requests[0].path, '/v1/services')
})
