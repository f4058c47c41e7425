// Options and variables are plain objects, and texts whole characters. Whatever else is given is refused by name.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createContext, runInContext } from 'node:vm'

import { railway } from '@computesdk/gateway'

import { ACCESS_TOKEN, assertSame, canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection, thrown } from './support/rejection.mjs'

const context = createContext()
class Getters {
  get NAME() {
    return canary('getter')
  }
}
class Fields {
  NAME = canary('field')
}
class Rootless {}
Object.setPrototypeOf(Rootless.prototype, null)
/** An object whose prototypes have no end. */
const bottomless = () => new Proxy({}, { getPrototypeOf: bottomless })

const OBJECTS = {
  'a Promise': [() => Promise.resolve({ NAME: 'x' }), 'a Promise'],
  'a Promise of another realm': [() => runInContext('Promise.resolve()', context), 'a Promise'],
  'a Date': [() => new Date(), 'a Date'],
  'a Map': [() => new Map([['NAME', 'x']]), 'a Map'],
  'a Set': [() => new Set(['NAME']), 'a Set'],
  'URL parameters': [() => new URLSearchParams('NAME=x'), 'an instance of a class'],
  'an Error': [() => new Error(canary('error')), 'an instance of a class'],
  'a Buffer': [() => Buffer.from('NAME=x'), 'an instance of a class'],
  'an instance with getters': [() => new Getters(), 'an instance of a class'],
  'an instance with fields': [() => new Fields(), 'an instance of a class'],
  'an instance of a class without a root': [() => new Rootless(), 'an instance of a class'],
  'an instance of another realm': [() => runInContext('new (class { NAME = "x" })()', context), 'an instance of a class'],
  'what inherits from a Promise': [() => Object.create(Promise.resolve()), 'a Promise'],
  'a boxed string': [() => new String('x'), 'an instance of a class'],
  'a generator': [() => (function* () {})(), 'an instance of a class'],
  'an iterator': [() => new Map().entries(), 'an instance of a class'],
  'a proxy without end': [bottomless, 'an instance of a class'],
}

describe('refused by name:', () => {
  for (const [title, [make, kind]] of Object.entries(OBJECTS)) {
    test(title, async (t) => {
      const { provider, server } = await withRailway(t)
      const rows = [
        ['options', () => provider.create(make())],
        ['options', () => provider.list(make())],
        ['options', () => provider.getById(ABSENT_ID, make())],
        ['options', () => provider.destroy(ABSENT_ID, make())],
        ['options.envs', () => provider.create({ envs: make() })],
        ['options.daemonConfig', () => provider.create({ daemonConfig: make() })],
        ['options.daemonConfig.env', () => provider.create({ daemonConfig: { accessToken: 'x', env: make() } })],
        ['options.envs.NAME', () => provider.create({ envs: { NAME: make() } })],
        ['options.image', () => provider.create({ image: make() })],
        ['options.registryCredentials', () => provider.create({ registryCredentials: make() })],
      ]
      for (const [path, call] of rows) {
        const error = await rejection(call(), { code: 'INVALID_ARGUMENT', retryable: false })
        assert.ok(error.message.includes(`${path} must be `), error.message)
        assert.ok(error.message.endsWith(`, not ${kind}.`), error.message)
      }
      assert.equal(server.requests.length, 0)
    })
  }

  test('a config that is a Promise, Date, Map or Set', () => {
    for (const title of ['a Promise', 'a Promise of another realm', 'a Date', 'a Map', 'a Set']) {
      const [make, kind] = OBJECTS[title]
      const message = `Failed to configure Railway: config must be an object, not ${kind}.`
      const error = thrown(() => railway(make()), { code: 'INVALID_CONFIG' })
      assert.ok(error.message.endsWith(message.slice(message.indexOf('config must'))), error.message)
    }
  })
})

describe('taken as plain:', () => {
  const objects = {
    'an object of another realm': () => runInContext('({ NAME: "x" })', context),
    'an object without a prototype': () => Object.assign(Object.create(null), { NAME: 'x' }),
    'an object without a prototype of another realm': () =>
      runInContext('Object.assign(Object.create(null), { NAME: "x" })', context),
    'a proxy of a plain object': () => new Proxy({ NAME: 'x' }, {}),
    'an object that inherits from a plain one': () => Object.assign(Object.create({ OTHER: 'y' }), { NAME: 'x' }),
    'a module': () => import('data:text/javascript,export const NAME = "x"'),
    'a frozen object': () => Object.freeze({ NAME: 'x' }),
    'a getter of its own': () => ({
      get NAME() {
        return 'x'
      },
    }),
  }
  for (const [title, make] of Object.entries(objects)) {
    test(title, async (t) => {
      const { provider, services } = await withRailway(t)
      await provider.create({ envs: await make() })
      assertSame(services()[0].instances[0].variables, { NAME: 'x' }, 'variables')
      await provider.create(await make())
      assert.deepEqual((await provider.list(await make())).length, 2)
    })
  }

  test('process.env', async (t) => {
    setEnvironment(t, { SOME_NAME: 'x' })
    const { provider, services } = await withRailway(t)
    await provider.create({ envs: process.env })
    assert.equal(services()[0].instances[0].variables.SOME_NAME, 'x')
  })
})

describe('half of a surrogate pair is refused by name', () => {
  const HALVES = { first: '\ud83d', second: '\ude80', reversed: '\ude80\ud83d', 'between others': 'a\ud83db' }
  for (const [title, half] of Object.entries(HALVES)) {
    test(title, async (t) => {
      const { provider, server } = await withRailway(t)
      const rows = [
        ['options.idempotencyKey', { idempotencyKey: half }],
        ['options.name', { name: half }],
        ['options.image', { image: `image:${half}` }],
        ['options.envs.NAME', { envs: { NAME: half } }],
        ['options.envs', { envs: { [half]: 'x' } }],
        ['options.daemonConfig.accessToken', { daemonConfig: { accessToken: half } }],
        ['options.daemonConfig.gatewayUrl', { daemonConfig: { accessToken: 'x', gatewayUrl: `https://a/${half}` } }],
        ['options.daemonConfig.env.NAME', { daemonConfig: { accessToken: ACCESS_TOKEN, env: { NAME: half } } }],
        ['options.daemonConfig.env', { daemonConfig: { accessToken: ACCESS_TOKEN, env: { [half]: 'x' } } }],
        ['options.region', { region: half }],
        ['options.startCommand', { startCommand: half }],
        ['options.registryCredentials.password', { registryCredentials: { username: 'x', password: half } }],
      ]
      for (const [path, options] of rows) {
        const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT', retryable: false })
        assert.ok(error.message.includes(`${path} `), error.message)
        assert.match(error.message, /half of a surrogate pair/)
        assert.ok(error.message.isWellFormed())
      }
      await rejection(provider.getById(half), { code: 'INVALID_ARGUMENT' })
      await rejection(provider.destroy(half), { code: 'INVALID_ARGUMENT' })
      for (const field of ['apiKey', 'projectId', 'environmentId', 'baseUrl']) {
        thrown(() => railway({ [field]: half }), { code: 'INVALID_CONFIG', message: new RegExp(`config\\.${field} `) })
      }
      assert.equal(server.requests.length, 0)
    })
  }

  test('and a whole pair is not', async (t) => {
    const { provider, services } = await withRailway(t)
    await provider.create({ envs: { '🚀': '🚀' } })
    assertSame(services()[0].instances[0].variables, { '🚀': '🚀' }, 'variables')
  })
})
