import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { eventually } from './support/eventually.mjs'
import { runProgram, startProgram } from './support/program.mjs'
import { withRailway } from './support/railway.mjs'

const FOREVER = { kind: 'slow', milliseconds: Infinity, times: Infinity }

describe('a process', () => {
  test('with no pending work ends by itself, kept connections or not', async (t) => {
    const { config, server } = await withRailway(t)
    const { code, stdout, stderr, late } = await runProgram('list-once.mjs', { input: { config } })
    assert.equal(stderr, '')
    assert.deepEqual({ code, late, value: JSON.parse(stdout).value }, { code: 0, late: false, value: [] })
    assert.equal(server.connections.total, 1)
  })

  test('is kept alive by a call until it is settled', async (t) => {
    const { config, server } = await withRailway(t)
    server.faults.add({ kind: 'slow', milliseconds: 200 })
    const { code, stdout } = await runProgram('call-unawaited.mjs', { input: config })
    assert.equal(stdout, 'reached the end\nsettled with 0\n')
    assert.equal(code, 0)
  })

  test('is kept alive by a call that fails, too', async (t) => {
    const { config, server } = await withRailway(t)
    server.faults.add(FOREVER)
    const { code, stdout } = await runProgram('call-unawaited.mjs', { input: { ...config, requestTimeoutMs: 200 } })
    assert.equal(stdout, 'reached the end\nsettled with TIMEOUT\n')
    assert.equal(code, 0)
  })

  test('may call process.exit while calls are under way', async (t) => {
    const { config, server } = await withRailway(t)
    server.faults.add(FOREVER)
    const { child, ended } = startProgram('end-in-flight.mjs', { input: config })
    await eventually(() => server.requests.length === 20, 'all calls have arrived')
    child.send(7)
    const { code, signal, stderr, late } = await ended
    assert.equal(stderr, '')
    assert.deepEqual({ code, signal, late }, { code: 7, signal: null, late: false })
    await eventually(() => server.connections.open === 0, 'its connections are closed')
  })

  test('may die of an exception while calls are under way', async (t) => {
    const { config, server } = await withRailway(t)
    server.faults.add(FOREVER)
    const { child, ended } = startProgram('end-in-flight.mjs', { input: config })
    await eventually(() => server.requests.length === 20, 'all calls have arrived')
    child.send('exception')
    const { code, signal, stderr } = await ended
    assert.deepEqual({ code, signal }, { code: 1, signal: null })
    assert.match(stderr, /on purpose/)
  })
})

test('100 000 providers cost no thread, no socket and some microseconds each', async () => {
  const { code, stdout, stderr } = await runProgram('factories-only.mjs')
  assert.equal(stderr, '')
  assert.equal(code, 0)
  // Threads and sockets are counted in /proc; where there is none, both counts are zero.
  const { before, after, name, microseconds } = JSON.parse(stdout)
  assert.equal(name, 'railway')
  assert.deepEqual(after, before)
  // Some ten on an idle machine; the bound only tells "microseconds" from "a TLS set-up".
  assert.ok(microseconds < 300, `${microseconds} µs`)
})
