import assert from 'node:assert/strict'
import { test } from 'node:test'

import { withRailway } from './support/railway.mjs'
import { rejection, thrown } from './support/rejection.mjs'
import { loadTestAddon } from './support/test-addon.mjs'

// A panic cannot be caused from outside, so the addon of the tests exports two: `__panicInWork` and `__panicInMethod`.

test('a panic in the work of a call rejects with INTERNAL, and the next call works', async (t) => {
  const addon = loadTestAddon()
  await rejection(addon.__panicInWork(), { code: 'INTERNAL', provider: 'railway', retryable: false })
  const { config } = await withRailway(t)
  assert.deepEqual(await addon.railway(config).list(), [])
})

test('a thousand panics are a thousand rejections', async () => {
  const addon = loadTestAddon()
  const outcomes = await Promise.allSettled(Array.from({ length: 1_000 }, () => addon.__panicInWork()))
  assert.ok(outcomes.every(({ reason }) => reason?.code === 'INTERNAL'))
})

test("a panic on JavaScript's thread throws, and the process lives", async (t) => {
  const addon = loadTestAddon()
  assert.throws(() => addon.__panicInMethod())
  const { config } = await withRailway(t)
  assert.deepEqual(await addon.railway(config).list(), [])
})

test('the package itself exports no way to panic', async () => {
  const published = await import('@computesdk/gateway')
  assert.equal('__panicInWork' in published, false)
  assert.equal('__panicInMethod' in published, false)
  thrown(() => published.railway(5), { code: 'INVALID_CONFIG' })
})
