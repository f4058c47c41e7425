import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, test } from 'node:test'

import { railway } from '@computesdk/gateway'

import { API_KEY, assertNoSecret } from './support/canary.mjs'
import { listenUntilEnd } from './support/listen.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rawServer } from './support/raw-server.mjs'
import { rejection } from './support/rejection.mjs'

const BODY_LIMIT = 16 * 1024 * 1024

/** A provider whose server answers with these bytes, and keeps the connection open unless told otherwise. */
async function answeredWith(t, answer, config) {
  const server = await rawServer(t, (socket) => {
    if (typeof answer === 'function') answer(socket)
    else socket.write(answer)
  })
  const place = { projectId: ABSENT_ID, environmentId: ABSENT_ID }
  return { server, provider: railway({ apiKey: API_KEY, ...place, baseUrl: server.url, maxRetries: 0, ...config }) }
}

const head = (fields) => ['HTTP/1.1 200 OK', ...fields, '', ''].join('\r\n')

describe('a connection that', () => {
  test('is refused is NETWORK', async (t) => {
    const { provider, server } = await withRailway(t)
    await server.stopListening()
    await rejection(provider.getById(ABSENT_ID), {
      code: 'NETWORK',
      retryable: true,
      httpStatus: undefined,
      message: /^Failed to get Railway instance: .*refused/i,
    })
  })

  test('was refused works again as soon as the server listens', async (t) => {
    const { provider, server } = await withRailway(t)
    await server.stopListening()
    await rejection(provider.list(), { code: 'NETWORK' })
    await server.listenAgain()
    assert.deepEqual(await provider.list(), [])
  })

  for (const [title, fault] of Object.entries({
    'is reset before the request is handled': { kind: 'reset-before' },
    'is closed before the request is handled': { kind: 'reset-before', rst: false },
    'is reset before the answer': { kind: 'reset-after' },
    'is closed before the answer': { kind: 'reset-after', rst: false },
    'ends in the middle of the answer': { kind: 'cut' },
    'is reset in the middle of the answer': { kind: 'cut', rst: true },
  })) {
    test(`${title} is NETWORK`, async (t) => {
      const { provider, server } = await withRailway(t)
      server.faults.add(fault)
      await rejection(provider.list(), { code: 'NETWORK', retryable: true, httpStatus: undefined })
    })
  }

  test('speaks something else than HTTP is no success', async (t) => {
    const { provider } = await answeredWith(t, 'SSH-2.0-OpenSSH_9.6\r\n')
    await rejection(provider.list(), { operation: 'list' })
  })

  test('speaks plain HTTP where TLS is expected is NETWORK, and sees nothing of the request', async (t) => {
    const server = await rawServer(t, (socket) => socket.end())
    // A TLS client speaks first; what it gets back is no handshake.
    const provider = railway({
      apiKey: API_KEY,
      projectId: ABSENT_ID,
      environmentId: ABSENT_ID,
      baseUrl: `https://127.0.0.1:${server.port}`,
      requestTimeoutMs: 500,
      maxRetries: 0,
    })
    const error = await rejection(provider.list())
    assert.ok(['NETWORK', 'TIMEOUT'].includes(error.code), error.code)
    assertNoSecret(server.received)
  })
})

describe('an answer that takes longer than requestTimeoutMs is TIMEOUT', () => {
  const shortTimeout = { requestTimeoutMs: 100 }
  // The call's own work before the request counts, too.
  const expected = { code: 'TIMEOUT', retryable: true, message: /within (9\d|100) ms/ }

  test('when the connection closes without a response', async (t) => {
    const { provider, server } = await withRailway(t, { config: shortTimeout })
    server.faults.add({ kind: 'slow', milliseconds: Infinity })
    await rejection(provider.list(), expected)
    const request = await server.waitForRequest('environment')
    assert.equal(request.aborted, true)
  })

  test('when the headers come and the body does not', async (t) => {
    const { provider } = await answeredWith(t, head(['Content-Length: 100']), shortTimeout)
    await rejection(provider.list(), expected)
  })

  test('when the body comes drop by drop', async (t) => {
    const { provider } = await answeredWith(
      t,
      (socket) => {
        socket.write(head(['Content-Length: 1000']))
        const timer = setInterval(() => socket.write(' '), 10)
        socket.on('close', () => clearInterval(timer))
      },
      shortTimeout,
    )
    await rejection(provider.list(), expected)
  })

  test('and not before', async (t) => {
    const { provider, server } = await withRailway(t, { config: { requestTimeoutMs: 5_000 } })
    server.faults.add({ kind: 'slow', milliseconds: 150 })
    assert.deepEqual(await provider.list(), [])
  })
})

describe('a body of more than 16 MiB is PROTOCOL', () => {
  test('when its length is announced, without reading it', async (t) => {
    const { provider } = await answeredWith(t, head([`Content-Length: ${BODY_LIMIT + 1}`]))
    await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, message: /16 MiB/ })
  })

  test('when it comes in chunks that never end', async (t) => {
    const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`
    let left = 64
    const { provider } = await answeredWith(t, (socket) => {
      socket.write(head(['Transfer-Encoding: chunked']))
      const pump = () => {
        while (!socket.destroyed && left > 0) {
          left -= 1
          if (!socket.write(chunk)) return socket.once('drain', pump)
        }
      }
      pump()
    })
    await rejection(provider.list(), { code: 'PROTOCOL', retryable: false, message: /16 MiB/ })
    assert.ok(left > 0, 'the client should have left before the end')
  })

  test('and one of almost 16 MiB is read', async (t) => {
    const { provider, server } = await withRailway(t)
    const info = { edges: [], pageInfo: { hasNextPage: false, endCursor: null } }
    const json = JSON.stringify({ data: { environment: { serviceInstances: info } } })
    server.faults.add({ kind: 'respond', status: 200, body: json + ' '.repeat(BODY_LIMIT - json.length) })
    assert.deepEqual(await provider.list(), [])
  })
})

describe('a redirect', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`(${status}) is not followed, and nothing is sent to where it points`, async (t) => {
      const visits = []
      const elsewhere = http.createServer((request, response) => {
        visits.push(request.url)
        response.end()
      })
      const { url } = await listenUntilEnd(t, elsewhere)
      const { provider, server } = await withRailway(t)
      const location = `${url}/graphql/v2`
      server.faults.add({ kind: 'respond', status, headers: { location } })
      await rejection(provider.list(), { code: 'PROTOCOL', httpStatus: status, retryable: false, message: /redirect/ })
      assert.deepEqual(visits, [])
      assert.equal(server.requests.length, 1)
    })
  }
})

test('two headers of one name, odd cases and unknown headers are borne', async (t) => {
  const body = JSON.stringify({
    data: { environment: { serviceInstances: { edges: [], pageInfo: { hasNextPage: false, endCursor: null } } } },
  })
  const fields = ['CONTENT-type: Application/JSON', 'x-odd: 1', 'x-odd: \xff', `content-LENGTH: ${body.length}`]
  const { provider } = await answeredWith(t, Buffer.from(head(fields) + body, 'latin1'))
  assert.deepEqual(await provider.list(), [])
})
