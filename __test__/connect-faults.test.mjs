// Connections that fail until someone changes a setting: certificates and proxies. Each case has a process of its own, because
// the package reads proxies and certificates once.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { describe, test } from 'node:test'

import { makeCertificates, serveTls } from '../scripts/load/certificates.mjs'
import { API_KEY, assertNoSecret, canary } from './support/canary.mjs'
import { withFolder } from './support/folder.mjs'
import { listenUntilEnd } from './support/listen.mjs'
import { runProgram } from './support/program.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rawServer } from './support/raw-server.mjs'

const PLACE = { apiKey: API_KEY, projectId: ABSENT_ID, environmentId: ABSENT_ID }
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

/** Calls `list` in a process with these variables, and returns what came of it. */
async function list(env, { method, ...config } = {}) {
  const input = { method, config: { ...PLACE, ...config } }
  const { stdout, stderr } = await runProgram('list-once.mjs', { input, env })
  assertNoSecret([stdout, stderr])
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

/** Asserts that an outcome is a NETWORK error that was not repeated. */
function assertPermanent(outcome, message) {
  assert.match(outcome.message, message)
  assert.equal(outcome.code, 'NETWORK', outcome.message)
  assert.equal(outcome.retryable, false)
  assert.doesNotMatch(outcome.message, /Gave up/)
}

describe('a certificate', { skip: noOpenssl }, () => {
  async function withTls(t) {
    const folder = withFolder(t)
    const fixture = await withRailway(t)
    const certificates = await makeCertificates(folder)
    const [trusted, untrusted] = await Promise.all(
      [certificates.trusted, certificates.untrusted].map((certificate) => serveTls(certificate, fixture.server.url)),
    )
    t.after(() => [trusted, untrusted].forEach((server) => server.close()))
    return { ...fixture, trusted, untrusted, env: { SSL_CERT_FILE: certificates.authority } }
  }

  test('of an unknown issuer is permanent, and the message names SSL_CERT_FILE', async (t) => {
    const { untrusted, env, server } = await withTls(t)
    for (const method of ['list', 'create']) {
      const outcome = await list(env, { baseUrl: untrusted.url, method })
      assertPermanent(outcome, /UnknownIssuer|not trust/)
      assert.match(outcome.message, /SSL_CERT_FILE/)
      assert.equal(outcome.instanceId, undefined)
    }
    assert.equal(server.requests.length, 0)
  })

  test('for another host is permanent, and the message says so', async (t) => {
    const { trusted, env } = await withTls(t)
    const baseUrl = trusted.url.replace('127.0.0.1', 'localhost')
    assertPermanent(await list(env, { baseUrl }), /another host/)
  })

  test('that is trusted works', async (t) => {
    const { trusted, env, config } = await withTls(t)
    assert.deepEqual((await list(env, { ...config, baseUrl: trusted.url })).value, [])
  })
})

describe('a proxy', () => {
  const refusing = (t, status) =>
    rawServer(t, (socket) => socket.end(`HTTP/1.1 ${status} Text\r\ncontent-length: 0\r\n\r\n`))

  for (const [status, message] of [
    [407, /\(HTTP 407\).*password/],
    [403, /refused.*NO_PROXY/],
  ]) {
    test(`that answers with ${status} is permanent, and the message says what to do`, async (t) => {
      const proxy = await refusing(t, status)
      for (const method of ['list', 'create']) {
        const outcome = await list({ HTTPS_PROXY: proxy.url }, { method })
        assertPermanent(outcome, message)
        assert.equal(outcome.instanceId, undefined)
      }
      assert.equal(proxy.received.length, 2, 'one attempt of each call')
    })
  }

  test('gets the credentials of its URL, and no error shows them', async (t) => {
    const proxy = await refusing(t, 407)
    const password = canary('proxy-password')
    assertPermanent(await list({ HTTPS_PROXY: proxy.url.replace('//', `//user:${password}@`) }), /407/)
    const credentials = Buffer.from(`user:${password}`).toString('base64')
    assert.ok(proxy.received[0].toLowerCase().includes(`proxy-authorization: basic ${credentials}\r\n`.toLowerCase()))
  })

  test('that refuses the connection may pass', async () => {
    const outcome = await list({ HTTPS_PROXY: 'http://127.0.0.1:1' }, { maxRetries: 0 })
    assert.equal(outcome.code, 'NETWORK')
    assert.equal(outcome.retryable, true)
  })

  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']) {
    test(`whose variable ${name} is malformed is INVALID_CONFIG, and no error shows the value`, async () => {
      const outcome = await list({ [name]: `http://${canary('proxy')}:999999` })
      assert.equal(outcome.code, 'INVALID_CONFIG')
      assert.equal(outcome.retryable, false)
      assert.ok(outcome.message.startsWith(`${name} `), outcome.message)
    })
  }

  test('of an unknown kind is permanent, and the message names the variable and the kinds', async () => {
    assertPermanent(await list({ ALL_PROXY: 'ftp://127.0.0.1:1' }), /ALL_PROXY.*socks5h/)
  })

  test('is not used for loopback addresses', async (t) => {
    const { config } = await withRailway(t)
    const proxy = await refusing(t, 403)
    const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url }
    const { port } = new URL(config.baseUrl)
    for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST', '127.1']) {
      assert.deepEqual((await list(env, { ...config, baseUrl: `http://${host}:${port}` })).value, [], host)
    }
    // Nothing answers there: what counts is that the proxy is not asked.
    for (const origin of ['http://[::1]:1', 'https://[::1]:1', 'https://127.0.0.1:1', 'https://localhost:1']) {
      assert.equal((await list(env, { ...config, baseUrl: origin })).code, 'NETWORK', origin)
    }
    assert.equal(proxy.connections(), 0)
  })

  test('is not used for the hosts of NO_PROXY', async (t) => {
    const proxy = await refusing(t, 403)
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: '.invalid' }
    const outcome = await list(env, { baseUrl: 'https://api.invalid', maxRetries: 0 })
    assert.equal(outcome.retryable, true, 'the name is not known, which may pass')
    assert.equal(proxy.connections(), 0)
  })
})

describe('a SOCKS proxy', () => {
  /** A SOCKS5 proxy with a user and a password. It connects every host to `port` here. */
  async function withSocks(t, { port, password }) {
    const asked = []
    const server = createServer((socket) => {
      socket.on('error', () => {})
      const steps = [
        () => socket.write(Buffer.from([5, 2])),
        (bytes) => {
          const right = bytes.subarray(3 + bytes[1]).toString() === password
          socket.write(Buffer.from([1, right ? 0 : 1]))
        },
        (bytes) => {
          asked.push(bytes.subarray(5, 5 + bytes[4]).toString())
          if (port === undefined) return socket.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]))
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          const inner = connect(port, '127.0.0.1')
          inner.on('error', () => {})
          socket.pipe(inner).pipe(socket)
        },
      ]
      socket.on('data', (bytes) => steps.shift()?.(bytes))
    })
    const listening = await listenUntilEnd(t, server)
    return { asked, url: (word) => `socks5h://user:${word}@127.0.0.1:${listening.port}` }
  }

  test('passes requests on, and gets the name of the host', { skip: noOpenssl }, async (t) => {
    const folder = withFolder(t)
    const { authority, trusted } = await makeCertificates(folder)
    const tls = await serveTls(trusted, 'http://127.0.0.1:1')
    t.after(() => tls.close())
    const proxy = await withSocks(t, { port: Number(new URL(tls.url).port), password: canary('socks') })
    const env = { ALL_PROXY: proxy.url(canary('socks')), SSL_CERT_FILE: authority }
    // The certificate is for 127.0.0.1: that it was seen shows that the connection stood.
    assertPermanent(await list(env, { baseUrl: 'https://api.example' }), /another host/)
    assert.deepEqual(proxy.asked, ['api.example'])
  })

  test('that refuses is permanent, and the message says why', async (t) => {
    const proxy = await withSocks(t, { password: canary('socks') })
    assertPermanent(await list({ HTTPS_PROXY: proxy.url(canary('wrong')) }), /SOCKS.*password/)
    assertPermanent(await list({ HTTPS_PROXY: proxy.url(canary('socks')) }), /SOCKS.*not allowed.*NO_PROXY/)
  })
})
