import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { railway } from '@computesdk/gateway'

import { API_KEY, assertSame, canary, PROJECT_TOKEN } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

// Word for word as in 0.3.24: callers match on them.
const NO_KEY = 'Missing Railway API key. Provide apiKey in config or set RAILWAY_API_KEY environment variable.'
const NO_PROJECT =
  'Missing Railway Project ID. Provide projectId in config or set RAILWAY_PROJECT_ID environment variable.'
const NO_ENVIRONMENT =
  'Missing Railway Environment ID. Provide environmentId in config or set RAILWAY_ENVIRONMENT_ID environment variable.'

/** How the last request was signed. */
function signature({ requests }) {
  const { authorization, 'project-access-token': projectToken } = requests.at(-1).headers
  return { authorization, projectToken }
}

const bearer = (key) => ({ authorization: `Bearer ${key}`, projectToken: undefined })
const project = (token) => ({ authorization: undefined, projectToken: token })

describe('a missing credential', () => {
  const place = { projectId: 'p', environmentId: 'e' }
  const rows = [
    ['everything', {}, NO_KEY],
    ['the key', place, NO_KEY],
    ['the project', { apiKey: API_KEY, environmentId: 'e' }, NO_PROJECT],
    ['the environment', { apiKey: API_KEY, projectId: 'p' }, NO_ENVIRONMENT],
    ['an empty key', { ...place, apiKey: '' }, NO_KEY],
    ['a blank key', { ...place, apiKey: ' \t' }, NO_KEY],
    ['an empty project', { apiKey: API_KEY, projectId: '', environmentId: 'e' }, NO_PROJECT],
    ['an empty environment', { apiKey: API_KEY, projectId: 'p', environmentId: '' }, NO_ENVIRONMENT],
  ]
  for (const [missing, config, message] of rows) {
    test(`(${missing}) rejects at each method with the text of 0.3.24, and never at the factory`, async () => {
      const provider = railway(config)
      const id = '00000000-0000-4000-8000-000000000000'
      const calls = {
        create: () => provider.create(),
        getById: () => provider.getById(id),
        list: () => provider.list(),
        destroy: () => provider.destroy(id),
      }
      for (const [operation, call] of Object.entries(calls)) {
        await rejection(call(), { code: 'INVALID_CONFIG', message, operation, provider: 'railway', retryable: false })
      }
    })
  }
})

describe('where credentials come from', () => {
  const KEYS = ['RAILWAY_API_KEY', 'RAILWAY_API_TOKEN', 'RAILWAY_TOKEN']

  async function fixture(t, variables) {
    const { server, world, projectId, environmentId } = await withRailway(t)
    setEnvironment(t, {
      RAILWAY_PROJECT_ID: projectId,
      RAILWAY_ENVIRONMENT_ID: environmentId,
      ...Object.fromEntries(KEYS.map((name) => [name, undefined])),
      ...variables,
    })
    for (const name of ['first', 'second']) world.addToken({ kind: 'account', token: canary(name) })
    return { server, make: (config) => railway({ baseUrl: server.url, maxRetries: 0, ...config }) }
  }

  const rows = [
    ['the config', { RAILWAY_API_KEY: canary('unknown') }, { apiKey: API_KEY }, bearer(API_KEY)],
    ['RAILWAY_API_KEY', { RAILWAY_API_KEY: canary('first') }, {}, bearer(canary('first'))],
    ['RAILWAY_API_TOKEN', { RAILWAY_API_TOKEN: canary('second') }, {}, bearer(canary('second'))],
    ['RAILWAY_TOKEN as a project token', { RAILWAY_TOKEN: PROJECT_TOKEN }, {}, project(PROJECT_TOKEN)],
    [
      'RAILWAY_API_KEY before RAILWAY_API_TOKEN before RAILWAY_TOKEN',
      { RAILWAY_API_KEY: canary('first'), RAILWAY_API_TOKEN: canary('second'), RAILWAY_TOKEN: PROJECT_TOKEN },
      {},
      bearer(canary('first')),
    ],
    [
      'RAILWAY_API_TOKEN before RAILWAY_TOKEN, an empty RAILWAY_API_KEY being absent',
      { RAILWAY_API_KEY: '', RAILWAY_API_TOKEN: canary('second'), RAILWAY_TOKEN: PROJECT_TOKEN },
      {},
      bearer(canary('second')),
    ],
    [
      'the environment when the config is empty',
      { RAILWAY_API_KEY: canary('first') },
      { apiKey: '' },
      bearer(canary('first')),
    ],
    ['projectToken in the config', {}, { projectToken: PROJECT_TOKEN }, project(PROJECT_TOKEN)],
    ['apiKey before projectToken', {}, { apiKey: API_KEY, projectToken: PROJECT_TOKEN }, bearer(API_KEY)],
    [
      'a project token in the config before a key in the environment',
      { RAILWAY_API_KEY: canary('first') },
      { projectToken: PROJECT_TOKEN },
      project(PROJECT_TOKEN),
    ],
  ]
  for (const [title, variables, config, expected] of rows) {
    test(`from ${title}`, async (t) => {
      const { server, make } = await fixture(t, variables)
      assert.deepEqual(await make(config).list(), [])
      assertSame(signature(server), expected, 'credentials')
    })
  }

  test('a config wins over RAILWAY_PROJECT_ID and RAILWAY_ENVIRONMENT_ID', async (t) => {
    const { server, provider, projectId, environmentId } = await withRailway(t)
    setEnvironment(t, { RAILWAY_PROJECT_ID: 'other', RAILWAY_ENVIRONMENT_ID: 'other' })
    assert.deepEqual(await provider.list(), [])
    const { variables } = server.requests.at(-1)
    assert.equal(variables.projectId, projectId)
    assert.equal(variables.environmentId, environmentId)
  })

  test('process.env is read at each call, not when the provider is made', async (t) => {
    const { server, make } = await fixture(t, {})
    const provider = make()
    await rejection(provider.list(), { message: NO_KEY })
    process.env.RAILWAY_API_KEY = canary('first')
    assert.deepEqual(await provider.list(), [])
    assertSame(signature(server), bearer(canary('first')), 'credentials of the first call')
    process.env.RAILWAY_API_KEY = canary('second')
    assert.deepEqual(await provider.list(), [])
    assertSame(signature(server), bearer(canary('second')), 'credentials of the second call')
    delete process.env.RAILWAY_API_KEY
    await rejection(provider.list(), { message: NO_KEY })
  })

  test('a variable with characters that no header can carry is refused by its name', async (t) => {
    const { server, make } = await fixture(t, { RAILWAY_API_KEY: canary('two words') })
    await rejection(make().list(), { code: 'INVALID_CONFIG', message: /RAILWAY_API_KEY/ })
    assert.equal(server.requests.length, 0)
  })

  test('a process.env that throws counts as empty', async (t) => {
    const { make } = await fixture(t, {})
    const { env } = process
    t.after(() => (process.env = env))
    process.env = new Proxy({}, {
      get() {
        throw new Error('from the proxy')
      },
    })
    await rejection(make().list(), { message: NO_KEY })
  })
})

describe('in a worker', () => {
  async function run(config, env) {
    const program = new URL('./support/programs/worker-list.mjs', import.meta.url)
    const worker = new Worker(program, { env, workerData: config })
    const [message] = await Promise.all([
      new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
      new Promise((resolve) => worker.once('exit', resolve)),
    ])
    return message
  }

  test("its own env counts, not the process's", async (t) => {
    const { server, projectId, environmentId } = await withRailway(t)
    setEnvironment(t, { RAILWAY_API_KEY: canary('of-the-main-thread') })
    const env = { RAILWAY_API_KEY: API_KEY, RAILWAY_PROJECT_ID: projectId, RAILWAY_ENVIRONMENT_ID: environmentId }
    assert.deepEqual(await run({ baseUrl: server.url, maxRetries: 0 }, env), { count: 0 })
    assertSame(signature(server), bearer(API_KEY), 'credentials')
  })

  test("without variables of its own it does not fall back to the process's", async (t) => {
    const { server, projectId, environmentId } = await withRailway(t)
    setEnvironment(t, { RAILWAY_API_KEY: API_KEY })
    const answer = await run({ baseUrl: server.url, projectId, environmentId }, {})
    assert.deepEqual(answer, { code: 'INVALID_CONFIG', message: NO_KEY })
  })
})
