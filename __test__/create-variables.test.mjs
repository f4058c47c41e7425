import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertNoSecret, assertSame, canary } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

/** The variables that the one service got. */
const given = ({ services }) => services()[0].instances[0].variables

const daemonConfig = { accessToken: ACCESS_TOKEN, gatewayUrl: 'https://gateway.example.com' }

describe('variables', () => {
  test('are none without daemonConfig and envs', async (t) => {
    const fixture = await withRailway(t)
    await fixture.provider.create()
    assertSame(given(fixture), {}, 'variables')
  })

  test('hold the access token alone when there is no gatewayUrl', async (t) => {
    const fixture = await withRailway(t)
    await fixture.provider.create({ daemonConfig: { accessToken: ACCESS_TOKEN } })
    assertSame(given(fixture), { COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN }, 'variables')
  })

  test('come from daemonConfig, its env and envs, of which daemonConfig.env wins', async (t) => {
    const fixture = await withRailway(t)
    await fixture.provider.create({
      daemonConfig: { ...daemonConfig, env: { BOTH: canary('daemon'), DAEMON: canary('d') } },
      envs: { BOTH: canary('envs'), ENVS: canary('e') },
    })
    const expected = {
      COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN,
      COMPUTESDK_GATEWAY_URL: 'https://gateway.example.com',
      BOTH: canary('daemon'),
      DAEMON: canary('d'),
      ENVS: canary('e'),
    }
    assertSame(given(fixture), expected, 'variables')
  })

  test('may be anything that is text', async (t) => {
    const fixture = await withRailway(t)
    const envs = {
      EMPTY: '',
      SPACES: '  a  b  ',
      LINES: '-----BEGIN KEY-----\nabc\r\n-----END KEY-----\n',
      QUOTES: `"double" 'single' \\back`,
      UNICODE: 'Größe 🚀 \u0001 \u2028',
      DOLLAR: '$HOME ${HOME} $(id) {{ x }}',
      LONG: 'x'.repeat(100_000),
      lower_case: '1',
      'with.dot-and-dash': '1',
    }
    await fixture.provider.create({ envs })
    assertSame(given(fixture), envs, 'variables')
  })

  test('survive names that JavaScript objects treat in their own way', async (t) => {
    const fixture = await withRailway(t)
    const envs = JSON.parse('{ "constructor": "a", "toString": "b", "hasOwnProperty": "c", "entries": "d", "7": "e" }')
    await fixture.provider.create({ envs })
    assertSame({ ...given(fixture) }, { ...envs }, 'variables')
  })

  test('are own properties only', async (t) => {
    const fixture = await withRailway(t)
    await fixture.provider.create({ envs: Object.create({ INHERITED: 'x' }, { OWN: { value: 'y', enumerable: true } }) })
    assertSame(given(fixture), { OWN: 'y' }, 'variables')
  })

  test('may repeat what daemonConfig says', async (t) => {
    const fixture = await withRailway(t)
    await fixture.provider.create({ daemonConfig, envs: { COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN } })
    assert.equal(Object.keys(given(fixture)).length, 2)
  })

  for (const name of ['COMPUTESDK_ACCESS_TOKEN', 'COMPUTESDK_GATEWAY_URL']) {
    for (const [where, options] of [
      ['envs', { daemonConfig, envs: { [name]: canary('other') } }],
      ['daemonConfig.env', { daemonConfig: { ...daemonConfig, env: { [name]: canary('other') } } }],
    ]) {
      test(`of ${where} may not contradict ${name}`, async (t) => {
        const { provider, server } = await withRailway(t)
        const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT', retryable: false })
        assert.ok(error.message.includes(name), error.message)
        assert.equal(server.requests.length, 0)
      })
    }
  }
})

describe('a variable that is no string is refused by its name and never its value', () => {
  const values = {
    'a number': 12_345_678,
    undefined: undefined,
    null: null,
    'a boolean': true,
    'a bigint': 12_345_678n,
    'a symbol': Symbol(canary('symbol')),
    'a nested object': { secret: canary('nested') },
    'an array': [canary('element')],
    'a Map': new Map([[canary('key'), canary('value')]]),
    'a Date': new Date(12_345_678),
    'a boxed string': new String(canary('boxed')),
    'a function': () => canary('function'),
    'text with a NUL': canary('before\0after'),
  }
  for (const [title, value] of Object.entries(values)) {
    test(title, async (t) => {
      const { provider, server } = await withRailway(t)
      for (const [path, options] of [
        ['options.envs.SOME_NAME', { envs: { FINE: 'x', SOME_NAME: value } }],
        ['options.daemonConfig.env.SOME_NAME', { daemonConfig: { ...daemonConfig, env: { SOME_NAME: value } } }],
      ]) {
        const error = await rejection(provider.create(options), { code: 'INVALID_ARGUMENT', retryable: false })
        assert.ok(error.message.includes(path), error.message)
        assertNoSecret(error, ['12345678'])
      }
      assert.equal(server.requests.length, 0)
    })
  }

  test('a getter that throws', async (t) => {
    const { provider, server } = await withRailway(t)
    const envs = {
      get SOME_NAME() {
        throw new Error(canary('from-the-getter'))
      },
    }
    await rejection(provider.create({ envs }), { code: 'INVALID_ARGUMENT', message: /options\.envs/ })
    assert.equal(server.requests.length, 0)
  })

  for (const name of ['', 'A=B', 'A\0B']) {
    test(`so is the impossible name ${JSON.stringify(name)}`, async (t) => {
      const { provider, server } = await withRailway(t)
      await rejection(provider.create({ envs: { [name]: canary('value') } }), {
        code: 'INVALID_ARGUMENT',
        message: /options\.envs/,
      })
      assert.equal(server.requests.length, 0)
    })
  }
})

describe('daemonConfig', () => {
  const rows = [
    ['without accessToken', {}, /options\.daemonConfig\.accessToken/],
    ['with an empty accessToken', { accessToken: '' }, /options\.daemonConfig\.accessToken/],
    ['with a numeric accessToken', { accessToken: 12_345_678 }, /options\.daemonConfig\.accessToken/],
    [
      'with a numeric gatewayUrl',
      { accessToken: ACCESS_TOKEN, gatewayUrl: 12_345_678 },
      /options\.daemonConfig\.gatewayUrl/,
    ],
    ['with an env that is no object', { accessToken: ACCESS_TOKEN, env: 'A=b' }, /options\.daemonConfig\.env/],
  ]
  for (const [title, config, message] of rows) {
    test(`${title} is refused before any request`, async (t) => {
      const { provider, server } = await withRailway(t)
      const error = await rejection(provider.create({ daemonConfig: config }), { code: 'INVALID_ARGUMENT', message })
      assertNoSecret(error, ['12345678'])
      assert.equal(server.requests.length, 0)
    })
  }
})
