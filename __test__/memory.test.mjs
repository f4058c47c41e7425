import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, test } from 'node:test'

import { API_KEY } from './support/canary.mjs'
import { listenUntilEnd } from './support/listen.mjs'
import { runProgram } from './support/program.mjs'

const MEBIBYTE = 1024 * 1024
const ID = '00000000-0000-4000-8000-000000000000'

/** Answers at once and remembers nothing, so that tens of thousands of calls take seconds. */
async function fastServer(t, status, body) {
  const text = JSON.stringify(body)
  const server = http.createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length })
      response.end(text)
    })
  })
  const { url: baseUrl } = await listenUntilEnd(t, server)
  return { apiKey: API_KEY, projectId: ID, environmentId: ID, maxRetries: 0, baseUrl }
}

const found = {
  data: { serviceInstance: { serviceId: ID, serviceName: 'x', environmentId: ID, service: { projectId: ID } } },
}

/** Runs a scenario and checks that memory has not grown with it. */
async function assertFlat(input) {
  const { code, stdout, stderr, late } = await runProgram('memory.mjs', {
    input,
    execArgv: ['--expose-gc', '--max-semi-space-size=2'],
    milliseconds: 60_000,
  })
  assert.equal(stderr, '')
  assert.deepEqual({ code, late }, { code: 0, late: false })
  const { grown, settled, expected } = JSON.parse(stdout)
  assert.equal(settled, expected, 'every promise is settled')
  // Over 50 000 calls that is 300 bytes a call in all, and 40 of JavaScript's: less than any object that is kept.
  const shown = JSON.stringify(grown)
  assert.ok(grown.rss < 16 * MEBIBYTE, shown)
  assert.ok(grown.heapUsed < 2 * MEBIBYTE, shown)
  assert.ok(grown.external < 2 * MEBIBYTE, shown)
}

describe('memory does not grow with', { concurrency: 2 }, () => {
  test('200 000 factories', async (t) => {
    const config = await fastServer(t, 200, found)
    await assertFlat({ scenario: 'factories', config, warmUp: 300, rounds: 2_000, batch: 100 })
  })

  test('50 000 calls that were aborted before they began', async (t) => {
    const config = await fastServer(t, 200, found)
    await assertFlat({ scenario: 'aborted before', config, warmUp: 100, rounds: 500, batch: 100 })
  })

  // Each costs a connection, so there are fewer of them.
  test('5 000 calls that were aborted under way', async (t) => {
    const config = await fastServer(t, 200, found)
    await assertFlat({ scenario: 'aborted in flight', config, warmUp: 50, rounds: 100, batch: 50 })
  })

  test('10 000 calls that succeed, sharing one signal', async (t) => {
    const config = await fastServer(t, 200, found)
    await assertFlat({ scenario: 'succeeding', config, warmUp: 300, rounds: 1_000, batch: 10 })
  })

  test('5 000 calls that the provider rejects', async (t) => {
    const config = await fastServer(t, 401, { message: 'no' })
    await assertFlat({ scenario: 'rejected', config, warmUp: 200, rounds: 500, batch: 10 })
  })

  test('20 000 calls with bad arguments', async (t) => {
    const config = await fastServer(t, 200, found)
    await assertFlat({ scenario: 'refused arguments', config, warmUp: 100, rounds: 200, batch: 100 })
  })
})
