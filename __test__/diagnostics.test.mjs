// What is published of calls on the channels of node:diagnostics_channel.
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { describe, test } from 'node:test'

import * as gateway from '@computesdk/gateway'

import { createOptions, PROVIDERS, withEntry } from './support/providers.mjs'
import { eventually } from './support/eventually.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'

const { CHANNELS } = gateway
const EVENTS = ['request', 'retry', 'reconcile', 'rateLimit', 'cleanup']
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

/** Records everything that is published until the test ends: `[what, message]`, the messages as they were then. */
function record(t, { operations = ['create', 'getById', 'list', 'destroy'], events = EVENTS } = {}) {
  const published = []
  const note = (what) => (message) => published.push([what, { ...message }])
  for (const operation of operations) {
    const handlers = Object.fromEntries(PARTS.map((part) => [part, note(`${operation}.${part}`)]))
    tracingChannel(CHANNELS[operation]).subscribe(handlers)
    t.after(() => tracingChannel(CHANNELS[operation]).unsubscribe(handlers))
  }
  for (const name of events) {
    const handler = note(name)
    subscribe(CHANNELS[name], handler)
    t.after(() => unsubscribe(CHANNELS[name], handler))
  }
  const of = (what) => published.filter(([name]) => name === what).map(([, message]) => message)
  return { published, of, names: () => published.map(([what]) => what) }
}

/** Has a function take the contexts of creates, as they are published, until the test ends. */
function watch(t, part, take) {
  const handlers = Object.fromEntries(PARTS.map((name) => [name, (context) => void (name === part && take(context))]))
  tracingChannel(CHANNELS.create).subscribe(handlers)
  t.after(() => tracingChannel(CHANNELS.create).unsubscribe(handlers))
}

for (const [name, entry] of Object.entries(PROVIDERS)) {
  describe(`${name}: a subscriber gets`, () => {
    const begin = (t) => withEntry(t, entry)

    test('of a create, from what is known at its start to how it ended', async (t) => {
      const { provider, server } = await begin(t)
      const { of, names } = record(t)
      const { instanceId, instance } = await provider.create(createOptions(entry))
      assert.equal(names().filter((what) => what.startsWith('create.')).join(), 'create.start,create.end,create.asyncStart,create.asyncEnd')
      const [start] = of('create.start')
      const [end] = of('create.asyncEnd')
      const { port, hostname } = new URL(server.url)
      assert.equal(start.provider, name)
      assert.equal(start.operation, 'create')
      assert.equal(start.serverAddress, hostname)
      assert.equal(start.serverPort, Number(port))
      assert.match(start.name, /^computesdk-[0-9a-z]{20}$/)
      assert.equal(start.requests, undefined)
      assert.equal(end.callId, start.callId)
      assert.equal(end.instanceId, instanceId)
      assert.equal(end.resourceName, start.name)
      assert.equal(end.status, instance.status)
      assert.equal(end.outcome, 'created')
      assert.equal(end.attempts, server.requests.length)
      assert.equal(end.requests.length, server.requests.length)
      for (const [index, request] of end.requests.entries()) {
        assert.equal(request.method, server.requests[index].method)
        assert.equal(request.statusCode, server.requests[index].status)
        assert.ok(request.urlTemplate.startsWith('/'), request.urlTemplate)
        assert.ok(!request.urlTemplate.includes(start.name), request.urlTemplate)
        assert.ok(Math.abs(request.startTime - Date.now()) < 60_000)
        assert.ok(request.duration > 0)
        assert.equal(request.resendCount, 0)
      }
      assert.equal(of('request').length, end.requests.length)
      assert.deepEqual(of('rateLimit'), [])
      assert.ok(of('request').every(({ callId, provider: of }) => callId === start.callId && of === name))
    })

    test('of the other methods', async (t) => {
      const { provider } = await begin(t)
      const { instanceId } = await provider.create(createOptions(entry))
      const { of } = record(t)
      await provider.getById(instanceId)
      await provider.list()
      await provider.destroy(instanceId)
      assert.equal(of('getById.start')[0].instanceId, instanceId)
      assert.equal(typeof of('getById.asyncEnd')[0].status, 'string')
      assert.equal(of('list.asyncEnd').length, 1)
      assert.equal(of('destroy.asyncEnd')[0].instanceId, instanceId)
      for (const operation of ['getById', 'list', 'destroy']) assert.ok(of(`${operation}.asyncEnd`)[0].attempts > 0, operation)
    })

    test('of a call that is refused before it begins', async (t) => {
      const { make } = await begin(t)
      const { of, names } = record(t)
      const error = await rejection(make().getById('../x'), { code: 'INVALID_ARGUMENT' })
      assert.equal(names().join(), 'getById.start,getById.end,getById.error,getById.asyncStart,getById.asyncEnd')
      assert.equal(of('getById.error')[0].error, error)
      assert.equal(of('getById.start')[0].location, undefined)
    })

    test('of a create whose answer was lost', async (t) => {
      const { provider, server, existing } = await begin(t)
      const { of } = record(t)
      server.faults.add({ kind: 'reset-after', when: CREATING[name] })
      const { instanceId } = await provider.create(createOptions(entry))
      const [end] = of('create.asyncEnd')
      assert.ok(['adopted', 'resent'].includes(end.outcome), end.outcome)
      assert.ok(end.requests.some(({ errorCode }) => errorCode === 'NETWORK'))
      assert.ok(of('reconcile').some(({ step }) => step === end.outcome))
      assert.deepEqual(existing(), [instanceId])
    })

    test('how the clean-up after an abort ended', async (t) => {
      const { provider, server, existing, plan } = await begin(t)
      const { of } = record(t)
      plan('never')
      const controller = new AbortController()
      const creating = provider.create({ ...createOptions(entry), waitUntilReady: true, signal: controller.signal })
      await eventually(() => existing().length === 1, 'the instance is there')
      // What has ended is told of attempts. The next one shows that the answer with the instance has arrived.
      const { length } = server.requests
      await eventually(() => server.requests.length > length, 'the instance is looked at')
      controller.abort()
      await rejection(creating, { code: 'ABORTED' })
      assert.ok(of('create.asyncEnd')[0].requests.length > 0)
      await eventually(() => of('cleanup').length === 2, 'the clean-up has ended')
      assert.deepEqual(of('cleanup').map(({ step }) => step), ['started', 'succeeded'])
      const [started, succeeded] = of('cleanup')
      assert.equal(started.callId, of('create.start')[0].callId)
      assert.equal(succeeded.resourceName, of('create.start')[0].name)
      assert.equal(succeeded.attempts, 1)
      assert.deepEqual(existing(), [])
    })

    for (const moment of ['at its start', 'in the same tick', 'while it goes on', 'at its end', 'after it']) {
      test(`the same description of a call if it reads it ${moment}`, async (t) => {
        const { provider, server } = await begin(t)
        server.faults.add({ kind: 'slow', milliseconds: 30, when: CREATING[name] })
        const contexts = []
        const seen = []
        const read = ({ name, location, region, image, serverAddress, serverPort, ...rest }) => {
          assert.equal(rest.operation, 'create')
          seen.push({ name, location, region, image, serverAddress, serverPort })
        }
        watch(t, 'start', (context) => contexts.push(context) === 1 && moment === 'at its start' && read(context))
        watch(t, 'asyncEnd', (context) => moment === 'at its end' && context === contexts[0] && read(context))
        const { length } = server.requests
        const creating = provider.create({ ...createOptions(entry), signal: new AbortController().signal })
        const [context] = contexts
        if (moment === 'in the same tick') read(context)
        await eventually(() => server.requests.length > length, 'a request has come')
        if (moment === 'while it goes on') read(context)
        await creating
        const [, ...others] = await Promise.all([provider.list(), ...Array.from({ length: 4 }, () => provider.create(createOptions(entry)))])
        assert.equal(others.length, 4)
        if (moment === 'after it') read(context)
        assert.equal(seen.length, 1)
        const { name: resourceName, location, region, image, serverAddress, serverPort } = { ...context }
        assert.deepEqual(seen[0], { name: resourceName, location, region, image, serverAddress, serverPort })
        assert.match(resourceName, /^computesdk-[0-9a-z]{20}$/)
        assert.equal(context.resourceName, resourceName)
        assert.ok('location' in context && Object.keys(context).includes('serverPort'))
        assert.equal(contexts.length, 5)
        assert.equal(new Set(contexts.map(({ name }) => name)).size, 5)
      })
    }

    test('nothing of another call, if its own was refused or aborted', async (t) => {
      const { provider } = await begin(t)
      const contexts = []
      watch(t, 'start', (context) => contexts.push(context))
      const controller = new AbortController()
      const aborted = provider.create({ ...createOptions(entry), signal: controller.signal })
      controller.abort()
      await rejection(aborted, { code: 'ABORTED' })
      await rejection(provider.create({ name: 7 }), { code: 'INVALID_ARGUMENT' })
      const creating = provider.create(createOptions(entry))
      const [ofAborted, ofRefused] = contexts
      assert.equal(ofAborted.serverPort, undefined)
      assert.equal(ofRefused.name, undefined)
      assert.equal(typeof contexts[2].name, 'string')
      await creating
      assert.equal(ofRefused.name, undefined)
    })

    test('events of its own call alone', async (t) => {
      const { provider } = await begin(t)
      const { of } = record(t)
      await Promise.all(Array.from({ length: 20 }, () => provider.create(createOptions(entry))))
      const ends = of('create.asyncEnd')
      assert.equal(new Set(ends.map(({ callId }) => callId)).size, 20)
      for (const { callId, requests } of ends) {
        assert.equal(of('request').filter((event) => event.callId === callId).length, requests.length)
      }
    })
  })
}

/** The request that creates, as the fake servers call it. */
const CREATING = { railway: 'serviceCreate', render: 'createService', namespace: 'CreateInstance', vercel: 'createSandbox' }

describe('a subscriber', () => {
  test('of one channel is enough for all events of a call', async (t) => {
    const { provider } = await withRender(t)
    const { of } = record(t, { operations: [], events: ['request'] })
    await provider.list()
    assert.equal(of('request').length, 1)
  })

  test('that comes while a call goes on gets the next one', async (t) => {
    const { provider } = await withRender(t)
    const first = provider.list()
    const { published, of } = record(t)
    await first
    assert.deepEqual(published, [])
    await provider.list()
    assert.equal(of('list.asyncEnd').length, 1)
  })

  test('makes no call begin before its tick is over', async (t) => {
    const { provider, server } = await withRender(t)
    const { of, names } = record(t)
    const controller = new AbortController()
    const call = provider.create({ signal: controller.signal })
    // This thread stands still, and the call has not begun when it is aborted.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    controller.abort()
    await rejection(call, { code: 'ABORTED' })
    assert.equal(names().join(), 'create.start,create.end,create.error,create.asyncStart,create.asyncEnd')
    assert.equal(of('create.asyncEnd')[0].attempts, 0)
    // A request of its own, so that one on its way would have arrived before it.
    await provider.list()
    assert.equal(server.requests.length, 1)
  })

  test('binds a store to the start of a call', async (t) => {
    const { provider } = await withRender(t)
    const store = new AsyncLocalStorage()
    const { start, end } = tracingChannel(CHANNELS.list)
    start.bindStore(store, ({ callId }) => callId)
    t.after(() => start.unbindStore(store))
    const seen = []
    const handler = ({ callId }) => seen.push([callId, store.getStore()])
    end.subscribe(handler)
    t.after(() => end.unsubscribe(handler))
    await provider.list()
    assert.equal(seen.length, 1)
    assert.equal(seen[0][0], seen[0][1])
    assert.equal(store.getStore(), undefined)
  })

  test('gets throttling, waits and retries', async (t) => {
    const { provider, server } = await withRender(t, { config: { maxRetries: 1 } })
    const { of } = record(t)
    server.faults.add({ kind: 'respond', status: 429, headers: { 'retry-after': '1', 'x-ratelimit-limit': null, 'x-ratelimit-remaining': null, 'x-ratelimit-reset': null }, body: '{}' })
    await provider.list()
    const steps = of('rateLimit').map(({ step }) => step)
    assert.ok(steps.includes('windowClosed') && steps.length >= 1, steps.join())
    const [retry] = of('retry')
    assert.equal(retry.errorCode, 'RATE_LIMITED')
    assert.ok(retry.delay >= 1_000)
    assert.deepEqual(of('list.asyncEnd')[0].requests.map(({ statusCode, resendCount }) => [statusCode, resendCount]), [[429, 0], [200, 1]])
  })

  test('sees no names of channels change', () => {
    assert.deepEqual({ ...CHANNELS }, {
      create: '@computesdk/gateway:create',
      getById: '@computesdk/gateway:getById',
      list: '@computesdk/gateway:list',
      destroy: '@computesdk/gateway:destroy',
      request: '@computesdk/gateway:request',
      retry: '@computesdk/gateway:retry',
      reconcile: '@computesdk/gateway:reconcile',
      rateLimit: '@computesdk/gateway:rate-limit',
      cleanup: '@computesdk/gateway:cleanup',
    })
    assert.ok(Object.isFrozen(CHANNELS))
  })
})
