// Replies that are long or many: each crosses, or rejects its own call. No text that crosses is too long for V8.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'

import { railway } from '@computesdk/gateway'

import { API_KEY } from './support/canary.mjs'
import { listenUntilEnd } from './support/listen.mjs'
import { ABSENT_ID } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { loadTestAddon } from './support/test-addon.mjs'

const MEBIBYTE = 1024 * 1024
const isPending = (promise) => inspect(promise).includes('<pending>')

/** The test build, whose `__replyWithText(length)` makes a call that is answered before it returns. */
const addon = loadTestAddon()

describe('replies that wait while JavaScript is busy', () => {
  test('cross in batches of 16 MiB', async () => {
    const calls = [7, 7, 7, 40, 1, 1].map((size) => addon.__replyWithText(size * MEBIBYTE))
    const pending = []
    const lengths = await Promise.all(
      calls.map(async (call) => {
        const { length } = await call
        pending.push(calls.filter(isPending).length)
        return length / MEBIBYTE
      }),
    )
    assert.deepEqual(lengths, [7, 7, 7, 40, 1, 1])
    // Two share the first batch; the longest has one of its own.
    assert.deepEqual(pending, [4, 4, 3, 2, 0, 0])
  })

  test('are more together than one text of JavaScript may be', async () => {
    const calls = Array.from({ length: 64 }, () => addon.__replyWithText(9 * MEBIBYTE).then(({ length }) => length))
    for (const length of await Promise.all(calls)) assert.equal(length, 9 * MEBIBYTE)
  })

  test('of which one cannot cross: that call alone rejects', async () => {
    const [before, long, after] = [1, 257 * MEBIBYTE, 2].map((length) => addon.__replyWithText(length))
    await rejection(long, { code: 'PROTOCOL', operation: 'list', message: /longer than 256 MiB/, retryable: false })
    assert.deepEqual([await before, await after], ['x', 'xx'])
  })
})

test('an error that cannot be made the usual way settles its own call, and the others of its batch settle', async (t) => {
  const before = Error.prepareStackTrace
  t.after(() => (Error.prepareStackTrace = before))
  Error.prepareStackTrace = () => {
    throw new Error('from prepareStackTrace')
  }
  const tooLong = 257 * MEBIBYTE
  const calls = [1, tooLong, 2, 3].map((length) => addon.__replyWithText(length))
  const outcomes = await Promise.allSettled(calls)
  Error.prepareStackTrace = before
  assert.deepEqual(outcomes.map(({ value, reason }) => value ?? reason.code), ['x', 'PROTOCOL', 'xx', 'xxx'])
  const [, { reason }] = outcomes
  assert.equal(reason.name, 'GatewayError')
  assert.equal(reason.stack, `GatewayError: ${reason.message}`)
})

describe('a listing', () => {
  /** Answers each list with a page that has a successor, and so much white space. */
  async function startPages(t, bytes) {
    const space = Buffer.alloc(bytes, ' ')
    const server = createServer((request, response) => {
      request.resume()
      pages += 1
      const pageInfo = { hasNextPage: true, endCursor: String(pages) }
      response.writeHead(200, { 'content-type': 'application/json' }).write(space)
      response.end(JSON.stringify({ data: { environment: { serviceInstances: { edges: [], pageInfo } } } }))
    })
    let pages = 0
    const { url: baseUrl } = await listenUntilEnd(t, server)
    const provider = railway({ apiKey: API_KEY, projectId: ABSENT_ID, environmentId: ABSENT_ID, maxRetries: 0, baseUrl })
    return { provider, pages: () => pages }
  }

  test('of more than 256 MiB in all is PROTOCOL', async (t) => {
    const { provider, pages } = await startPages(t, 15 * MEBIBYTE)
    await rejection(provider.list(), { code: 'PROTOCOL', message: /256 MiB/, retryable: false })
    assert.equal(pages(), 18)
  })
})
