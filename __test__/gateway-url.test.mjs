// The address that the daemon is told to call. A daemon that cannot call its gateway is a billed resource for nothing.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, canary } from './support/canary.mjs'
import { PROVIDERS, withEntry } from './support/providers.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

const BAD = [
  'gateway.example.com',
  'localhost:3000',
  '//gateway.example.com',
  'https:gateway.example.com',
  'https://',
  'ftp://gateway.example.com',
  'javascript:alert(1)',
  'https://gateway.example.com:port',
  'https://gateway example.com',
  'https://gateway.example.com\n',
  'https://xn--',
  'undefined',
]

/** The ways in which a create is given the address, with the field that its refusal names. */
const WAYS = {
  'options.daemonConfig.gatewayUrl': (gatewayUrl) => ({ daemonConfig: { accessToken: ACCESS_TOKEN, gatewayUrl } }),
  'options.daemonConfig.env.COMPUTESDK_GATEWAY_URL': (url) => ({
    daemonConfig: { accessToken: ACCESS_TOKEN, env: { COMPUTESDK_GATEWAY_URL: url } },
  }),
  'options.envs.COMPUTESDK_GATEWAY_URL': (url) => ({ envs: { COMPUTESDK_GATEWAY_URL: url } }),
}

for (const [name, entry] of Object.entries(PROVIDERS)) {
  test(`${name}: what is no URL of HTTP or of web sockets is refused before any request`, async (t) => {
    const { provider, server } = await withEntry(t, entry)
    for (const [field, options] of Object.entries(WAYS)) {
      for (const url of [...BAD, `${canary('url')}://x`, ...(name === 'railway' ? [] : ['${{ gateway.URL }}'])]) {
        const error = await rejection(provider.create(options(url)), { code: 'INVALID_ARGUMENT', retryable: false })
        assert.ok(error.message.includes(`${field} must be a URL`), error.message)
      }
    }
    assert.equal(server.requests.length, 0)
  })
}

describe('taken as it is:', () => {
  const urls = [
    'https://gateway.example.com',
    'http://localhost:3000/path/?x=1#y',
    'wss://user:password@gateway.example.com',
    'ws://[::1]:80',
    'HTTPS://GATEWAY.example.com',
  ]
  for (const url of urls) {
    test(url, async (t) => {
      const { provider, services } = await withRailway(t)
      for (const options of Object.values(WAYS)) await provider.create(options(url))
      const given = services().map(({ instances }) => instances[0].variables.COMPUTESDK_GATEWAY_URL)
      assert.deepEqual(given, [url, url, url])
    })
  }

  test('a reference that Railway replaces, if references are allowed', async (t) => {
    const { provider, services } = await withRailway(t)
    const url = 'https://${{ gateway.RAILWAY_PUBLIC_DOMAIN }}'
    for (const options of Object.values(WAYS)) {
      await rejection(provider.create(options(url)), { code: 'INVALID_ARGUMENT', message: /allowVariableReferences/ })
      await provider.create({ ...options(url), allowVariableReferences: true })
    }
    assert.equal(services().length, 3)
  })

  test('none, and an empty one', async (t) => {
    const { provider, services } = await withRailway(t)
    for (const options of Object.values(WAYS)) {
      await provider.create(options(''))
      await provider.create(options())
        .catch((error) => assert.match(error.message, /COMPUTESDK_GATEWAY_URL must be a string/))
    }
    assert.equal(services().length, 4)
  })
})
