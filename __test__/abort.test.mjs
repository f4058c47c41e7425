import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { railway } from '@computesdk/gateway'

import { eventually } from './support/eventually.mjs'
import { callsOf } from './support/fixture.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

const FOREVER = { kind: 'slow', milliseconds: Infinity }
const METHODS = callsOf(ABSENT_ID)
const listeners = (signal) => getEventListeners(signal, 'abort').length

describe('a signal that has fired already', () => {
  for (const [operation, call] of Object.entries(METHODS)) {
    test(`rejects ${operation} without a request`, async (t) => {
      const { provider, server } = await withRailway(t)
      const reason = new Error('enough')
      const error = await rejection(call(provider, { signal: AbortSignal.abort(reason) }), {
        code: 'ABORTED',
        operation,
        provider: 'railway',
        retryable: false,
      })
      assert.equal(error.cause, reason)
      assert.equal(Object.prototype.propertyIsEnumerable.call(error, 'cause'), false)
      // A request of its own, so that one on its way would have arrived before it.
      assert.equal(await provider.getById(ABSENT_ID), null)
      assert.equal(server.requests.length, 1)
    })
  }
})

describe('a signal that fires during a request', () => {
  for (const [operation, call] of Object.entries(METHODS)) {
    test(`rejects ${operation} at once, and the connection is closed`, async (t) => {
      const { provider, server } = await withRailway(t)
      server.faults.add(FOREVER)
      const arrived = server.waitForRequest(({ fault }) => fault === 'slow')
      const controller = new AbortController()
      const rejected = rejection(call(provider, { signal: controller.signal }), { code: 'ABORTED', operation })
      await seen(server)
      const reason = { any: 'value' }
      controller.abort(reason)
      assert.equal((await rejected).cause, reason)
      assert.equal((await arrived).aborted, true, 'the server saw the connection close')
      assert.equal(listeners(controller.signal), 0)
    })
  }

  test('without a reason has the default one for its cause', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add(FOREVER)
    const controller = new AbortController()
    const call = rejection(provider.list({ signal: controller.signal }), { code: 'ABORTED' })
    await seen(server)
    controller.abort()
    const { cause } = await call
    assert.equal(cause.name, 'AbortError')
  })

  test('ends all calls that share it', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add({ ...FOREVER, times: 30 })
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 30 }, () => rejection(provider.list({ signal }), { code: 'ABORTED' }))
    await seen(server)
    controller.abort()
    await Promise.all(calls)
    assert.equal(listeners(signal), 0)
  })

  test('leaves other calls alone', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add(FOREVER)
    const controller = new AbortController()
    const aborted = rejection(provider.list({ signal: controller.signal }), { code: 'ABORTED' })
    await seen(server)
    server.faults.add({ kind: 'slow', milliseconds: 30 })
    const other = provider.list({ signal: new AbortController().signal })
    controller.abort()
    await aborted
    assert.deepEqual(await other, [])
  })
})

test('AbortSignal.timeout ends a call with its reason as the cause', async (t) => {
  const { provider, server } = await withRailway(t)
  server.faults.add(FOREVER)
  const { cause } = await rejection(provider.list({ signal: AbortSignal.timeout(20) }), { code: 'ABORTED' })
  assert.equal(cause.name, 'TimeoutError')
})

test('AbortSignal.any ends a call when one of its signals fires', async (t) => {
  const { provider, server } = await withRailway(t)
  server.faults.add(FOREVER)
  const controller = new AbortController()
  const signal = AbortSignal.any([controller.signal, new AbortController().signal])
  const call = rejection(provider.list({ signal }), { code: 'ABORTED' })
  await seen(server)
  controller.abort('one of them')
  assert.equal((await call).cause, 'one of them')
})

describe('a signal that does not fire', () => {
  /** Names of the warnings that the process gives from now on. */
  function collectWarnings(t) {
    const warnings = []
    const note = (warning) => warnings.push(warning.name)
    process.on('warning', note)
    t.after(() => process.off('warning', note))
    return warnings
  }

  test('is left without listeners and without a warning by thousands of calls', async (t) => {
    const warnings = collectWarnings(t)
    const { provider } = await withRailway(t)
    const { signal } = new AbortController()
    for (let round = 0; round < 200; round += 1) {
      const calls = Array.from({ length: 5 }, () => provider.getById(ABSENT_ID, { signal }))
      assert.ok(listeners(signal) > 0, 'it is listened to while calls are under way')
      await Promise.all(calls)
    }
    for (let count = 0; count < 2_000; count += 1) {
      await rejection(provider.getById('no uuid', { signal }), { code: 'INVALID_ARGUMENT' })
    }
    assert.equal(listeners(signal), 0)
    assert.deepEqual(warnings, [])
  })

  // A gateway has one signal for its shutdown and any number of calls; fetch does not warn of that either.
  test('may be shared by many calls at once without a warning', async (t) => {
    const warnings = collectWarnings(t)
    const { provider } = await withRailway(t)
    const { signal } = new AbortController()
    await Promise.all(Array.from({ length: 64 }, () => provider.getById(ABSENT_ID, { signal })))
    assert.equal(listeners(signal), 0)
    assert.deepEqual(warnings, [])
  })

  test('is left without listeners by a call that fails', async (t) => {
    const { provider, server } = await withRailway(t)
    const { signal } = new AbortController()
    server.faults.add({ kind: 'respond', status: 401 })
    const error = await rejection(provider.list({ signal }), { code: 'UNAUTHENTICATED' })
    assert.equal(listeners(signal), 0)
    assert.equal(Object.hasOwn(error, 'cause'), false)
  })

  test('is left without listeners by a call that never begins', async (t) => {
    const { makeProvider } = await withRailway(t)
    const { signal } = new AbortController()
    await rejection(makeProvider({ apiKey: '' }).list({ signal }), { code: 'INVALID_CONFIG' })
    await rejection(makeProvider().create({ signal, name: '' }), { code: 'INVALID_ARGUMENT' })
    assert.equal(listeners(signal), 0)
  })

  test('may fire after the call: nothing happens', async (t) => {
    const { provider, services } = await withRailway(t)
    const controller = new AbortController()
    await provider.create({ signal: controller.signal })
    controller.abort()
    assert.equal((await provider.list()).length, 1)
    assert.equal(services().length, 1)
  })
})

test('undefined and null count as no signal', async (t) => {
  const { provider } = await withRailway(t)
  for (const signal of [undefined, null]) assert.deepEqual(await provider.list({ signal }), [])
})

for (const [title, signal] of Object.entries({
  'a string': 'abort',
  'a number': 5,
  true: true,
  'an empty object': {},
  'a controller': new AbortController(),
  'a function': () => {},
  'an event target': new EventTarget(),
  'something whose aborted is no boolean': { aborted: 'no', addEventListener() {}, removeEventListener() {} },
})) {
  test(`${title} is no signal`, async (t) => {
    const { provider, server } = await withRailway(t)
    for (const [operation, call] of Object.entries(METHODS)) {
      await rejection(call(provider, { signal }), { code: 'INVALID_ARGUMENT', operation, message: /options\.signal/ })
    }
    assert.equal(server.requests.length, 0)
  })
}

test('a signal whose methods throw becomes a rejection', async (t) => {
  const { provider, server } = await withRailway(t)
  const signal = {
    aborted: false,
    addEventListener() {
      throw new Error('from addEventListener')
    },
    removeEventListener() {},
  }
  await rejection(provider.list({ signal }), { code: 'INVALID_ARGUMENT', message: /options\.signal/ })
  assert.equal(server.requests.length, 0)
})

test('a signal that cannot be unhooked does not keep the result back', { timeout: 5_000 }, async (t) => {
  const { provider } = await withRailway(t)
  const signal = {
    aborted: false,
    addEventListener() {},
    removeEventListener() {
      throw new Error('from removeEventListener')
    },
  }
  assert.deepEqual(await provider.list({ signal }), [])
})

test('a signal whose reason throws still rejects', { timeout: 5_000 }, async (t) => {
  const { provider } = await withRailway(t)
  const signal = Object.defineProperty(AbortSignal.abort(), 'reason', {
    get() {
      throw new Error('from reason')
    },
  })
  await rejection(provider.list({ signal }), { code: 'ABORTED' })
})

test("the caller's own onabort stays, and is called", async (t) => {
  const { provider, server } = await withRailway(t)
  server.faults.add(FOREVER)
  const controller = new AbortController()
  let calls = 0
  const onabort = () => (calls += 1)
  controller.signal.onabort = onabort
  const call = rejection(provider.list({ signal: controller.signal }), { code: 'ABORTED' })
  await seen(server)
  assert.equal(controller.signal.onabort, onabort)
  controller.abort()
  await call
  assert.equal(calls, 1)
  assert.equal(controller.signal.onabort, onabort)
})

describe('a create that is aborted', () => {
  test('while it waits until ready rejects at once and destroys the service in the background', async (t) => {
    const { provider, server, services } = await withRailway(t, { server: { plan: ['BUILDING'] } })
    const controller = new AbortController()
    const call = rejection(provider.create({ waitUntilReady: true, signal: controller.signal }), { code: 'ABORTED' })
    await server.waitForRequest('serviceInstance')
    controller.abort()
    const error = await call
    assert.match(error.resourceName, /^computesdk-/)
    await server.waitForRequest('serviceDelete')
    assert.deepEqual(services(), [])
  })

  test('between two steps destroys the service in the background', async (t) => {
    const { provider, server, services } = await withRailway(t, { environments: ['production', 'staging'] })
    server.faults.add({ ...FOREVER, when: 'serviceInstanceUpdate' })
    const controller = new AbortController()
    const call = rejection(provider.create({ signal: controller.signal }), { code: 'ABORTED' })
    await seen(server, 'serviceInstanceUpdate')
    controller.abort()
    await call
    await server.waitForRequest('serviceDelete')
    assert.deepEqual(services(), [])
  })

  test('before its first request leaves nothing', async (t) => {
    const { provider, server, services } = await withRailway(t)
    server.faults.add({ ...FOREVER, when: 'environments' })
    const controller = new AbortController()
    const call = rejection(provider.create({ signal: controller.signal }), { code: 'ABORTED' })
    await seen(server, 'environments')
    controller.abort()
    await call
    await server.waitForRequest('environments')
    assert.deepEqual(services(), [])
    assert.equal(server.operations().serviceCreate, undefined)
  })
})

/** Resolves when the server has a request before it, answered or not. */
async function seen(server, operation) {
  await eventually(
    () => server.requests.some((request) => request.fault && (!operation || request.operation === operation)),
    'the request has arrived',
  )
}

test('a signal that fires while the reply waits for JavaScript is an abort like any other', async (t) => {
  const { makeProvider } = await withRailway(t)
  const controller = new AbortController()
  // No server listens there, so that the call ends by itself while this thread stands still.
  const call = makeProvider({ baseUrl: 'http://127.0.0.1:1' }).list({ signal: controller.signal })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  controller.abort()
  await rejection(call, { code: 'ABORTED' })
})

test('a signal that keeps its listener cancels no later call', async (t) => {
  const { provider, server } = await withRailway(t)
  let fire
  const keeping = {
    aborted: false,
    addEventListener: (_type, listener) => (fire = listener),
    removeEventListener() {},
  }
  await provider.list({ signal: keeping })
  // It has the place of the first one.
  server.faults.add({ kind: 'slow', milliseconds: 200 })
  const listing = provider.list({ signal: new AbortController().signal })
  await eventually(() => server.requests.length === 2, 'the second call is under way')
  fire()
  assert.deepEqual(await listing, [])
})

test('a create whose signal fires while its reply waits for JavaScript hands its instance over', async (t) => {
  // In a thread of its own the server goes on while this one stands still. It counts the requests that it has answered.
  const answered = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('support/programs/railway-server.mjs', import.meta.url), { workerData: answered })
  t.after(() => worker.terminate())
  const [config] = await once(worker, 'message')
  const controller = new AbortController()
  const call = railway(config).create({ signal: controller.signal })
  // Calls cross to the addon at the end of the tick.
  await undefined
  const isGoingOn = () => Atomics.wait(answered, 0, Atomics.load(answered, 0), 1_000) !== 'timed-out'
  while (isGoingOn() || answered[0] === 0);
  controller.abort()
  const { instanceId } = await call
  assert.equal((await railway(config).getById(instanceId)).instanceId, instanceId)
  assert.equal(listeners(controller.signal), 0)
})
