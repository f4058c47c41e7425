// A provider that turns requests away, and what becomes of the calls that follow.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { railway } from '@computesdk/gateway'

import { withNamespace } from './support/namespace.mjs'
import { PROVIDERS } from './support/providers.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { connectError, details } from './servers/namespace/index.mjs'
import { tooManyRequests } from './servers/railway/index.mjs'

/** An edge's 429, which says nothing of a wait. */
const edgeRefusal = () => tooManyRequests({ body: 'error code: 1015' })

// Mostly waits, so they run side by side.
describe('an edge that admits ten requests a second', { concurrency: true }, () => {
  for (const [count, environments] of [
    [30, ['production']],
    [100, ['production']],
    // Five requests for each create.
    [12, ['production', 'staging']],
  ]) {
    test(`lets ${count} creates at once pass, with ${environments.length} environments`, async (t) => {
      const { server, config, services } = await withRailway(t, { server: { edgeLimit: 10 }, environments })
      const { apiKey, projectId, environmentId, baseUrl } = config
      const provider = railway({ apiKey, projectId, environmentId, baseUrl })
      const creates = Array.from({ length: count }, () => provider.create({ envs: { A: 'b' } }))
      const rejected = (await Promise.allSettled(creates)).filter(({ status }) => status === 'rejected')
      assert.deepEqual(rejected.map(({ reason }) => reason.message), [])
      assert.equal(services().length, count)
      const refused = server.requests.filter(({ status }) => status === 429).length
      t.diagnostic(`${server.requests.length} requests, ${refused} refused`)
    })
  }
})

describe('a 429 without a wait', () => {
  const timed = async (call) => {
    const began = performance.now()
    await call()
    return performance.now() - began
  }

  test('holds up the other calls of the tenant for a second, then for two', async (t) => {
    const { provider, makeProvider, server } = await withRailway(t)
    const refused = () => rejection(provider.list(), { code: 'RATE_LIMITED', retryAfterMs: undefined })
    server.faults.add({ ...edgeRefusal(), times: 2 })
    assert.ok((await timed(refused)) < 900)
    assert.ok((await timed(refused)) >= 950)
    assert.ok((await timed(() => makeProvider().getById(ABSENT_ID))) >= 1_950)
  })

  test('of a workspace’s limits is none of the rate, and holds up nothing', async (t) => {
    const { provider, server } = await withNamespace(t)
    server.faults.add(connectError('resource_exhausted', { details: [details.usageLimits({ used: 10, limits: 10 })] }))
    await rejection(provider.list(), { code: 'QUOTA_EXCEEDED', httpStatus: 429 })
    assert.ok((await timed(() => provider.list())) < 900)
  })
})

for (const [name, { start, title }] of Object.entries(PROVIDERS)) {
  describe(`the Retry-After of ${title}’s 5xx`, { concurrency: true }, () => {
    async function begin(t) {
      const fixture = await start()
      t.after(fixture.close)
      return { ...fixture, provider: fixture.make({ maxRetries: 1 }) }
    }

    test('is slept before a read is sent again', async (t) => {
      const { provider, server } = await begin(t)
      server.faults.add({ kind: 'respond', status: 503, headers: { 'retry-after': '1' } })
      await provider.list()
      const [first, second] = server.requests
      assert.ok(second.at - first.at >= 950, `${name}: ${second.at - first.at} ms`)
    })

    test('rejects where it is too long', async (t) => {
      const { provider, server } = await begin(t)
      server.faults.add({ kind: 'respond', status: 503, headers: { 'retry-after': '120' } })
      const expected = { code: 'RATE_LIMITED', httpStatus: 503, retryAfterMs: 120_000, retryable: true }
      await rejection(provider.list(), expected)
      assert.equal(server.requests.length, 1)
    })

    test('is not set on a failure that is not a rate limit', async (t) => {
      const { server, make } = await begin(t)
      server.faults.add({ kind: 'respond', status: 502, headers: { 'retry-after': '5' } })
      const expected = { code: 'UNAVAILABLE', httpStatus: 502, retryAfterMs: undefined }
      await rejection(make({ maxRetries: 0 }).list(), expected)
    })
  })
}
