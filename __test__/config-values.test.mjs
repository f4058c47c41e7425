import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { railway } from '@computesdk/gateway'

import { API_KEY, canary } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection, thrown } from './support/rejection.mjs'

const expected = { code: 'INVALID_CONFIG', provider: 'railway', operation: 'configure', retryable: false }

describe('a value of the wrong type or form throws at the factory and names the field', () => {
  const rows = [
    ['apiKey', 5],
    ['apiKey', {}],
    ['apiKey', []],
    ['apiKey', true],
    ['apiKey', 1n],
    ['apiKey', Symbol('key')],
    ['apiKey', () => canary('never-called')],
    ['apiKey', new String(canary('boxed'))],
    ['apiKey', canary('with\nnewline')],
    ['apiKey', canary('with space inside')],
    ['apiKey', canary('ümlaut')],
    ['projectToken', 5],
    ['projectToken', canary('with\r\nX-Header: smuggled')],
    ['projectId', {}],
    ['projectId', 5],
    ['environmentId', {}],
    ['environmentId', ['x']],
    ['baseUrl', 5],
    ['baseUrl', new URL('https://example.com')],
    ['baseUrl', 'nope'],
    ['baseUrl', 'example.com'],
    ['baseUrl', '//example.com'],
    ['baseUrl', 'ftp://x'],
    ['baseUrl', 'file:///etc/passwd'],
    ['baseUrl', 'http://example.com'],
    ['baseUrl', 'http://127.0.0.1.example.com'],
    ['baseUrl', 'http://192.168.1.1'],
    ['baseUrl', `https://user:${canary('password')}@example.com`],
    ['baseUrl', `https://example.com/?token=${canary('query')}`],
    ['baseUrl', `https://example.com/#${canary('fragment')}`],
    ['requestTimeoutMs', 0],
    ['requestTimeoutMs', -1],
    ['requestTimeoutMs', 1.5],
    ['requestTimeoutMs', NaN],
    ['requestTimeoutMs', Infinity],
    ['requestTimeoutMs', 1e300],
    ['requestTimeoutMs', '5'],
    ['requestTimeoutMs', 5n],
    ['maxRetries', -1],
    ['maxRetries', 0.5],
    ['maxRetries', NaN],
    ['maxRetries', 1e9],
    ['maxRetries', '3'],
    ['maxRetries', true],
  ]
  for (const [field, value] of rows) {
    const shown = typeof value === 'string' ? JSON.stringify(value).replace(/CANARY-7b1d-/g, '') : String(typeof value)
    test(`${field}: ${typeof value === 'number' ? value : shown}`, () => {
      const error = thrown(() => railway({ [field]: value }), expected)
      assert.ok(error.message.includes(`config.${field} `), error.message)
    })
  }
})

describe('a config that is no object throws at the factory', () => {
  for (const config of ['x', '', 5, 0, true, false, [], () => {}, Symbol('config'), 1n]) {
    test(Array.isArray(config) ? 'an array' : `a ${typeof config}`, () => {
      thrown(() => railway(config), { ...expected, message: /config must be an object/ })
    })
  }
})

describe('hostile configs', () => {
  const fields = ['apiKey', 'projectToken', 'projectId', 'environmentId', 'baseUrl', 'requestTimeoutMs', 'maxRetries']
  for (const field of fields) {
    test(`a getter of ${field} that throws becomes an error that names the field`, () => {
      const config = {
        get [field]() {
          throw new Error(canary('from-the-getter'))
        },
      }
      const error = thrown(() => railway(config), expected)
      assert.ok(error.message.includes(`config.${field} `), error.message)
    })
  }

  test('a getter that throws something that is no error changes nothing', () => {
    const config = {
      get apiKey() {
        throw undefined // eslint-disable-line no-throw-literal
      },
    }
    thrown(() => railway(config), { ...expected, message: /config\.apiKey/ })
    assert.equal(railway({}).name, 'railway', 'the next factory call is not affected')
  })

  test('a proxy that throws at every trap becomes an error', () => {
    const handler = new Proxy({}, {
      get: () => () => {
        throw new Error(canary('from-the-trap'))
      },
    })
    thrown(() => railway(new Proxy({}, handler)), expected)
  })

  test('a revoked proxy becomes an error', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    thrown(() => railway(proxy), expected)
  })

  test('a proxy, a class instance and inherited fields work like a plain object', async (t) => {
    const { config } = await withRailway(t)
    class Config {
      constructor() {
        Object.assign(this, config)
      }
    }
    const kinds = [new Proxy({ ...config }, {}), new Config(), Object.create(config), Object.freeze({ ...config })]
    for (const given of kinds) {
      assert.deepEqual(await railway(given).list(), [])
    }
  })

  test('unknown fields are neither read nor refused', () => {
    const config = {
      get surprise() {
        throw new Error('was read')
      },
    }
    assert.equal(railway(config).name, 'railway')
  })

  test('fields set to undefined or null count as absent', () => {
    for (const absent of [undefined, null]) {
      const config = Object.fromEntries(fields.map((field) => [field, absent]))
      assert.equal(railway(config).name, 'railway')
    }
  })
})

test('a config is read once: what changes in it afterwards changes nothing', async (t) => {
  const { config, server } = await withRailway(t)
  const given = { ...config }
  const provider = railway(given)
  given.apiKey = canary('changed-later')
  given.projectId = 'changed'
  assert.deepEqual(await provider.list(), [])
  assert.equal(server.requests.length, 1)
})

test('a base URL may have a path and a slash at its end', async (t) => {
  const { config, server } = await withRailway(t)
  assert.deepEqual(await railway({ ...config, baseUrl: `${server.url}/` }).list(), [])
  const elsewhere = railway({ ...config, baseUrl: `${server.url}/proxy/railway/` })
  await rejection(elsewhere.list(), { httpStatus: 404 })
  assert.equal(server.requests.at(-1).path, '/proxy/railway/graphql/v2')
})

test('a key is sent without the white space around it', async (t) => {
  const { config } = await withRailway(t)
  assert.deepEqual(await railway({ ...config, apiKey: `  ${API_KEY}\n` }).list(), [])
})
