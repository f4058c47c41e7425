// Subscribes to the channels of node:diagnostics_channel, with features that every runtime has. Variables: BASE_URL is
// the address of Railway's fake server, NEVER_READY, as JSON, the configuration of another one, where no instance gets
// ready.
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'

import { CHANNELS, railway } from '@computesdk/gateway'

const { BASE_URL: baseUrl, NEVER_READY } = process.env
const CALLS = ['create', 'getById', 'list', 'destroy']
const EVENTS = ['request', 'retry', 'reconcile', 'rateLimit', 'cleanup']
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

const told = []
const handlers = []
for (const name of CALLS) {
  const parts = PARTS.map((part) => [part, (message) => told.push([`${name}.${part}`, { ...message }])])
  tracingChannel(CHANNELS[name]).subscribe(Object.fromEntries(parts))
  handlers.push(() => tracingChannel(CHANNELS[name]).unsubscribe(Object.fromEntries(parts)))
}
for (const name of EVENTS) {
  const handler = (message) => told.push([name, message])
  subscribe(CHANNELS[name], handler)
  handlers.push(() => unsubscribe(CHANNELS[name], handler))
}
const take = () => told.splice(0)
const names = (messages) => messages.map(([name]) => name)
const callsOf = (messages) => new Set(messages.map(([, { callId }]) => callId)).size

const provider = railway({ baseUrl })

// The events of a create.
const store = new AsyncLocalStorage()
const { start } = tracingChannel(CHANNELS.create)
let bound
const note = () => (bound = store.getStore())
start.bindStore(store, ({ callId }) => callId)
tracingChannel(CHANNELS.create).end.subscribe(note)
const { instanceId } = await provider.create({ daemonConfig: { accessToken: 'token_xxx' } })
start.unbindStore(store)
tracingChannel(CHANNELS.create).end.unsubscribe(note)
const life = take()
assert.deepEqual(names(life).filter((name) => name !== 'request'), PARTS.slice(0, 4).map((part) => `create.${part}`))
assert.equal(callsOf(life), 1)
const [, first] = life[0]
const [, last] = life.at(-1)
assert.equal(first.provider, 'railway')
assert.equal(first.requests, undefined)
assert.equal(last.instanceId, instanceId)
assert.equal(last.outcome, 'created')
assert.equal(last.requests.length, names(life).filter((name) => name === 'request').length)
assert.equal(bound, first.callId, 'the store is that of the call')
assert.equal(store.getStore(), undefined)
for (const [name, { callId: _, ...message }] of life) console.log(name, JSON.stringify(message))

// The other methods at once: each has its own messages.
await Promise.all([provider.getById(instanceId), provider.list(), ...Array.from({ length: 8 }, () => provider.list())])
assert.equal(callsOf(take()), 10)
await provider.destroy(instanceId)
assert.equal(take().at(-1)[0], 'destroy.asyncEnd')

// A call that rejects.
const refused = await railway({ baseUrl, apiKey: 'wrong' }).list().catch((error) => error)
const failed = take()
assert.deepEqual(failed.find(([name]) => name === 'list.error')[1].error, refused)

// A create that is aborted: the events of its clean-up come after it has settled.
const never = railway(JSON.parse(NEVER_READY))
const controller = new AbortController()
const creating = never.create({ waitUntilReady: true, signal: controller.signal }).catch((error) => error)
while ((await never.list()).length === 0);
controller.abort()
const aborted = await creating
assert.equal(aborted.code, 'ABORTED')
const cleanups = () => told.filter(([name]) => name === 'cleanup').map(([, message]) => message)
while (!cleanups().some(({ step }) => step !== 'started')) await new Promise((resolve) => setTimeout(resolve, 5))
const cleanup = cleanups()
assert.deepEqual(cleanup.map(({ step }) => step), ['started', 'succeeded'])
for (const message of cleanup) console.log('cleanup', JSON.stringify(message))
assert.equal(cleanup[1].resourceName, aborted.resourceName)
assert.deepEqual(await never.list(), [])
take()

// A subscriber that throws changes no call. Node reports its exception as uncaught.
const uncaught = []
process.on('uncaughtException', (error) => uncaught.push(error.message))
const thrower = () => {
  throw new Error('from the subscriber')
}
channel(CHANNELS.request).subscribe(thrower)
assert.deepEqual(await provider.list(), [])
channel(CHANNELS.request).unsubscribe(thrower)
await new Promise((resolve) => setTimeout(resolve, 10))
assert.ok(uncaught.every((message) => message === 'from the subscriber'))
assert.equal(take().at(-1)[0], 'list.asyncEnd')

// From here on there is no subscriber.
for (const unsubscribeOne of handlers) unsubscribeOne()
await provider.list()
assert.deepEqual(take(), [])
console.log('all channels were heard')
