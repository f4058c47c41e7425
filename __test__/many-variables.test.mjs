// What callers pass may be of any size: reading it takes time in proportion, and has an end.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'

import { namespace, railway, render, vercel } from '@computesdk/gateway'

import { ACCESS_TOKEN, canary } from './support/canary.mjs'
import { listen, listenUntilEnd } from './support/listen.mjs'
import { ABSENT_ID } from './support/railway.mjs'
import { ABSENT_ID as RENDER_ID } from './support/render.mjs'
import { rejection, thrown } from './support/rejection.mjs'

/** An address at which no server listens. */
const baseUrl = 'http://127.0.0.1:1'
const provider = railway({ apiKey: canary('key'), projectId: 'p', environmentId: 'e', baseUrl, maxRetries: 0 })

const variables = (count, prefix = 'NAME') =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}_${index}`, `value ${index}`]))

describe('variables', () => {
  /** It takes what it is sent, and never answers. */
  const silent = createServer(() => {})
  let listening
  let unanswered
  before(async () => {
    listening = await listen(silent)
    const { url } = listening
    unanswered = railway({ apiKey: canary('key'), projectId: 'p', environmentId: 'e', baseUrl: url, maxRetries: 0 })
  })
  after(() => listening.close())

  /** The processor time that the start of a create takes this process, in milliseconds: the least of several. */
  async function spent(options) {
    const rounds = []
    for (let round = 0; round < 5; round += 1) {
      const controller = new AbortController()
      const began = process.cpuUsage()
      const call = unanswered.create({ ...options, signal: controller.signal })
      // Calls cross at the end of the tick.
      await undefined
      const { user, system } = process.cpuUsage(began)
      rounds.push((user + system) / 1000)
      controller.abort()
      await rejection(call, { code: 'ABORTED' })
    }
    return Math.min(...rounds)
  }

  const kinds = {
    envs: (count) => ({ envs: variables(count) }),
    'daemonConfig.env': (count) => ({ daemonConfig: { accessToken: ACCESS_TOKEN, env: variables(count) } }),
    'both, with the same names': (count) => ({
      envs: variables(count),
      daemonConfig: { accessToken: ACCESS_TOKEN, env: variables(count) },
    }),
  }
  for (const [title, options] of Object.entries(kinds)) {
    test(`of ${title} take time in proportion to their number`, async (t) => {
      const few = await spent(options(10_000))
      const many = await spent(options(80_000))
      t.diagnostic(`10 000: ${few.toFixed(1)} ms, 80 000: ${many.toFixed(1)} ms`)
      // Eight times as many; 64 times as long if each were compared with each.
      assert.ok(many < 30 * few, `${few} ms, ${many} ms`)
    })
  }

  test('100 000 of them reach the provider', async (t) => {
    const server = createServer(async (request, response) => {
      const body = JSON.parse(await text(request))
      given = body.envVars
      const { name, ownerId, type } = body
      response.writeHead(201, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ service: { id: RENDER_ID, name, ownerId, type }, deployId: 'dep-1' }))
    })
    let given
    const { url } = await listenUntilEnd(t, server)
    const own = render({ apiKey: canary('key'), ownerId: 'tea-1', baseUrl: url })
    const envs = variables(100_000)
    const began = performance.now()
    const call = own.create({ envs })
    t.diagnostic(`JavaScript's thread was blocked for ${(performance.now() - began).toFixed(0)} ms`)
    await call
    assert.equal(given.length, 100_000)
    assert.deepEqual(given.at(-1), { key: 'NAME_99999', value: 'value 99999' })
  })
})

/** An array of any length that has an entry everywhere. */
const endless = (length) => new Proxy([], { get: (target, key) => (key === 'length' ? length : 5_000) })

describe('a list without end is refused by its name', () => {
  const vercelProvider = vercel({ token: canary('token'), teamId: 't', projectId: 'p', baseUrl })
  const namespaceProvider = namespace({ token: canary('token'), baseUrl })
  for (const length of [10_001, 2 ** 53 - 1, Infinity, NaN, '5', { valueOf: () => 5 }]) {
    test(`length ${typeof length === 'object' ? 'an object' : JSON.stringify(length)} ${length}`, async () => {
      const list = endless(length)
      const rows = [
        ['ports', vercelProvider, { ports: list }],
        ['exportPorts', namespaceProvider, { exportPorts: list }],
        ['args', namespaceProvider, { args: list }],
        ['envs', provider, { envs: list }],
        ['envs.NAME', provider, { envs: { NAME: list } }],
        ['image', provider, { image: list }],
      ]
      for (const [field, each, options] of rows) {
        const message = new RegExp(`options\\.${field} must`)
        if (Number.isNaN(length) && field !== 'envs.NAME') continue
        await rejection(each.create(options), { code: 'INVALID_ARGUMENT', message })
      }
      if (!Number.isNaN(length)) {
        thrown(() => vercel({ ports: list }), { code: 'INVALID_CONFIG', message: /config\.ports must/ })
      }
    })
  }
})

describe('options that are too long are refused by name', () => {
  // Such a text takes no memory before it is read.
  const long = (name) => canary(name).repeat(2 ** 24)
  const HALF = 'x'.repeat(2 ** 28)
  const shared = variables(50_000)
  const rows = {
    'a variable': [{ envs: { NAME: HALF } }, 'options.envs'],
    'variables of 768 MB together': [{ envs: { A: HALF, B: HALF, C: HALF } }, 'options.envs'],
    'the name of a variable': [{ envs: { [HALF]: '' } }, 'options.envs'],
    'an image': [{ image: HALF }, 'options.image'],
    'a name': [{ name: HALF }, 'options.name'],
    'a key': [{ idempotencyKey: HALF }, 'options.idempotencyKey'],
    'an access token': [{ daemonConfig: { accessToken: long('token') } }, 'options.daemonConfig'],
    'one value a thousand times': [
      { envs: Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`N${index}`, 'x'.repeat(100_000)])) },
      'options.envs',
    ],
    'an object within an object a hundred times': [
      { daemonConfig: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`N${index}`, shared])) },
      'options.daemonConfig',
    ],
  }
  for (const [title, [options, field]] of Object.entries(rows)) {
    test(title, async () => {
      const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT', retryable: false })
      assert.ok(error.message.includes(`${field} `), error.message)
    })
  }

  test('an id', async () => {
    for (const method of ['getById', 'destroy']) {
      await rejection(provider[method](HALF), { code: 'INVALID_ARGUMENT', message: /instanceId must be the UUID/ })
      await rejection(provider[method](`${ABSENT_ID}${HALF}`), { code: 'INVALID_ARGUMENT' })
    }
  })

  test('a field of a configuration', () => {
    for (const field of ['apiKey', 'projectToken', 'projectId', 'environmentId', 'baseUrl']) {
      const message = new RegExp(`config\\.${field} `)
      thrown(() => railway({ [field]: long(field) }), { code: 'INVALID_CONFIG', message })
    }
  })
})
