// Arguments at random: whatever is given, a factory or call refuses it by name or goes on, and neither throws nor hangs.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isGatewayError, namespace, railway, render, vercel } from '@computesdk/gateway'

import { createRandom } from './servers/shared/random.mjs'
import { assertNoSecret, canary, printable } from './support/canary.mjs'
import { PROVIDERS } from './support/providers.mjs'

const FACTORIES = { namespace, railway, render, vercel }
const SEED = Number(process.env.FUZZ_SEED ?? 20_261)
const CASES = 4_000

/** What is given where something else is expected. */
const VALUES = [
  undefined,
  null,
  true,
  false,
  0,
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 53,
  5n,
  '',
  ' ',
  'x',
  '\0',
  '\u202e\r\n\u001b[31m',
  '\ud800',
  '🚀',
  '../..',
  '${{ x.Y }}',
  'xn--',
  'http://127.0.0.1:1',
  'x'.repeat(100_000),
  Symbol('x'),
  () => 'x',
  [],
  [1, 'x', null],
  {},
  { NAME: 'x' },
  { NAME: canary('variable') },
  { accessToken: 'x', gatewayUrl: 'x', env: { NAME: 5 } },
  { accessToken: canary('access-token'), gatewayUrl: 'ws://x' },
  Object.create(null),
  Promise.resolve('x'),
  new Date(),
  new Map(),
  new Proxy([], { get: () => Infinity }),
  Object.defineProperty({}, 'NAME', { enumerable: true, get: () => assert.fail('from a getter') }),
  new Proxy({}, { get: () => assert.fail('from a trap'), ownKeys: () => assert.fail('from a trap') }),
]

const CONFIG = [
  'apiKey projectToken projectId environmentId ownerId serviceType plan region registryCredentialId token destroyReason',
  'virtualCpu memoryMegabytes machineArch os documentedPurpose timeout oidcToken teamId image vcpus ports',
  'baseUrl requestTimeoutMs maxRetries owner',
].join(' ').split(' ')

const OPTIONS = [
  'image daemonConfig envs name idempotencyKey waitUntilReady readyTimeoutMs signal region startCommand numReplicas',
  'healthcheckPath vcpus memoryGB registryCredentials allowVariableReferences serviceType plan registryCredentialId',
  'numInstances healthCheckPath dockerCommand environmentId virtualCpu memoryMegabytes machineArch os documentedPurpose',
  'timeout labels args exportPorts ports installCommand readyCommand managed owned',
].join(' ').split(' ')

const REFUSED = new Set(['INVALID_CONFIG', 'INVALID_ARGUMENT', 'NETWORK', 'ABORTED'])

test(`arguments at random (FUZZ_SEED=${SEED})`, { timeout: 60_000 }, async (t) => {
  const { integer, pick } = createRandom(SEED)
  const some = (names) => Object.fromEntries(Array.from({ length: 1 + integer(3) }, () => [pick(names), pick(VALUES)]))
  const base = {
    apiKey: canary('key'),
    token: canary('token'),
    projectId: 'p',
    environmentId: 'e',
    ownerId: 'o',
    teamId: 't',
    maxRetries: 0,
    baseUrl: 'http://127.0.0.1:1',
  }
  const counts = {}
  const check = (error, what) => {
    counts[error.code] = (counts[error.code] ?? 0) + 1
    assert.ok(isGatewayError(error) && REFUSED.has(error.code), `${what}: ${printable(error)}`)
    assertNoSecret(error)
    assert.ok(error.message.isWellFormed())
  }
  for (let round = 0; round < CASES / 8; round += 1) {
    const batch = Array.from({ length: 8 }, async (_, index) => {
      const name = pick(Object.keys(FACTORIES))
      const what = `case ${round}.${index}, ${name}`
      const config = integer(20) === 0 ? pick(VALUES) : { ...base, ...(integer(3) === 0 && some(CONFIG)) }
      let provider
      try {
        provider = FACTORIES[name](config)
      } catch (error) {
        return check(error, what)
      }
      // Its requests would leave this machine.
      if (config?.token && config.baseUrl !== base.baseUrl) return
      const options = integer(10) === 0 ? pick(VALUES) : some(OPTIONS)
      const id = integer(2) === 0 ? PROVIDERS[name].absentId : pick(VALUES)
      const calls = {
        create: () => provider.create(options),
        getById: () => provider.getById(id, options),
        list: () => provider.list(options),
        destroy: () => provider.destroy(id, options),
      }
      const call = pick(Object.values(calls))()
      await call.then(() => assert.fail(`${what}: no server listens there`), (error) => check(error, what))
    })
    await Promise.all(batch)
  }
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.NETWORK > 100 && counts.INVALID_ARGUMENT > 100 && counts.INVALID_CONFIG > 100)
})
