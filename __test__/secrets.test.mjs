import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertNoSecret, canary, PROJECT_TOKEN, REGISTRY_PASSWORD } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { graphqlError } from './servers/railway/index.mjs'

// `rejection` looks through everything that an error holds; here the server does its worst to put secrets there.

const QUERY_SECRET = canary('p&q =r+"s"\\t')
const LINES = `-----BEGIN KEY-----\n${canary('first-line')}\n${canary('second-line')}\n-----END KEY-----`

const options = {
  daemonConfig: {
    accessToken: ACCESS_TOKEN,
    gatewayUrl: `https://user:${canary('url')}@gateway.example.com`,
    env: { A: QUERY_SECRET },
  },
  envs: { KEY: LINES, TAB: `${canary('before')}\t\t${canary('after')}` },
  registryCredentials: { username: canary('user'), password: REGISTRY_PASSWORD },
}

const SECRETS = [
  ACCESS_TOKEN,
  options.daemonConfig.gatewayUrl,
  QUERY_SECRET,
  ...Object.values(options.envs),
  ...Object.values(options.registryCredentials),
]

describe('a server that echoes what it was sent', () => {
  const spellings = {
    'as it is': (text) => text,
    'in JSON': (text) => JSON.stringify(text),
    'percent-encoded': (text) => encodeURIComponent(text),
    'as a query': (text) => new URLSearchParams({ text }).toString(),
    'in one line': (text) => text.replace(/\s+/g, ' '),
  }
  for (const [title, spell] of Object.entries(spellings)) {
    test(`${title} gets no secret into the error`, async (t) => {
      const { provider, server, apiKey } = await withRailway(t)
      for (const secret of [apiKey, `Bearer ${apiKey}`, ...SECRETS]) {
        const message = `Your trial has expired: ${spell(secret)}.`
        const fault = graphqlError(message, { code: spell(secret), traceId: spell(secret) })
        server.faults.add({ ...fault, when: 'serviceCreate' })
        const error = await rejection(provider.create(options), { code: 'PAYMENT_REQUIRED' })
        assert.match(error.message, /trial has expired: .*\[redacted\]/)
        assertNoSecret(error, ['first-line', 'second-line', 'registry-password', 'before', 'after', 'p&q', 'p%26q'])
      }
    })
  }

  test('gets no part of a secret into the error where a long message is cut', async (t) => {
    const key = 'Zq7'.repeat(30) + canary('tail')
    const { makeProvider, server, world } = await withRailway(t)
    const apiKey = world.addToken({ kind: 'account', token: key })
    for (let before = 400; before < 500; before += 9) {
      server.faults.add(graphqlError(`${'x'.repeat(before)} ${key}`))
      assertNoSecret(await rejection(makeProvider({ apiKey }).list()), ['Zq7Zq7'])
    }
  })

  test('gets a key into no header that an error shows', async (t) => {
    const { provider, server, apiKey } = await withRailway(t)
    // The rate limit last: after it, no request is sent for a while.
    for (const status of [401, 403, 503, 429]) {
      const headers = { 'x-echo': apiKey, 'retry-after': apiKey, 'x-request-id': apiKey }
      server.faults.add({ kind: 'respond', status, headers, body: `You sent ${apiKey}` })
      await rejection(provider.list(), { httpStatus: status })
    }
  })

  test('gets a project token into no error', async (t) => {
    const { makeProvider, server } = await withRailway(t)
    server.faults.add(graphqlError(`Project Token not found: ${PROJECT_TOKEN}`))
    await rejection(makeProvider({ apiKey: '', projectToken: PROJECT_TOKEN }).list(), {
      code: 'UNAUTHENTICATED',
      message: /\[redacted\]/,
    })
  })
})

test('the error of a failed step of a create holds no variable', async (t) => {
  const { provider, server } = await withRailway(t, { environments: ['production', 'staging'] })
  for (const when of ['variableCollectionUpsert', 'serviceInstanceUpdate', 'serviceDelete']) {
    server.faults.add({ ...graphqlError(`cannot do this with ${LINES} and ${REGISTRY_PASSWORD}`), when })
    server.faults.add({ ...graphqlError('Not Authorized'), when: 'serviceInstanceDeployV2' })
    await rejection(provider.create(options))
    server.faults.clear()
  }
})

test("a key after the server's usual words is masked, and the words stay", async (t) => {
  const { makeProvider, server, world } = await withRailway(t)
  const apiKey = world.addToken({ kind: 'account', token: canary('first-tenant') })
  server.faults.add(graphqlError(`Not Authorized: ${apiKey}`))
  await rejection(makeProvider({ apiKey }).list(), { message: /Not Authorized: \[redacted\]$/ })
})

test('a provider object shows nothing of its configuration', async (t) => {
  const { provider } = await withRailway(t)
  assertNoSecret(provider)
  for (const name of ['create', 'getById', 'list', 'destroy']) assertNoSecret(provider[name])
  assertNoSecret(Object.values(provider).map(String))
})

test('a result shows nothing of what it was created with', async (t) => {
  const { provider } = await withRailway(t)
  const created = await provider.create(options)
  assertNoSecret(created)
  assertNoSecret(await provider.getById(created.instanceId))
  assertNoSecret(await provider.list())
})
