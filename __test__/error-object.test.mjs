import assert from 'node:assert/strict'
import { test } from 'node:test'

import { railway } from '@computesdk/gateway'

import { withRailway } from './support/railway.mjs'
import { rejection, thrown } from './support/rejection.mjs'
import { graphqlError } from './servers/railway/index.mjs'

const OWN = ['code', 'provider', 'operation', 'retryable']

test('an error is a real Error with the documented properties and no others to see', () => {
  const error = thrown(() => railway({ apiKey: 5 }))
  assert.ok(error instanceof Error)
  assert.equal(Object.getPrototypeOf(error), Error.prototype)
  assert.deepEqual(Object.keys(error), OWN)
  assert.deepEqual({ ...error }, {
    code: 'INVALID_CONFIG',
    provider: 'railway',
    operation: 'configure',
    retryable: false,
  })
})

test('name, message and stack are there without being enumerable', () => {
  const error = thrown(() => railway({ apiKey: 5 }))
  assert.equal(error.name, 'GatewayError')
  for (const name of ['name', 'message', 'stack']) {
    assert.ok(Object.hasOwn(error, name), name)
    assert.equal(Object.prototype.propertyIsEnumerable.call(error, name), false, name)
  }
  assert.equal(String(error), `GatewayError: ${error.message}`)
  assert.ok(error.stack.startsWith(`GatewayError: ${error.message}\n    at `), error.stack)
})

test('an unknown property is left out', async (t) => {
  const { provider } = await withRailway(t)
  const error = await rejection(provider.getById('no uuid'), { code: 'INVALID_ARGUMENT', operation: 'getById' })
  assert.deepEqual(Object.keys(error), OWN)
  assert.equal(Object.hasOwn(error, 'cause'), false)
})

test('known properties follow in a fixed order', async (t) => {
  const { provider, server } = await withRailway(t)
  const words = 'You are creating projects too quickly. This workspace allows 1 project per 30 seconds.'
  server.faults.add(graphqlError(words))
  const error = await rejection(provider.list())
  assert.deepEqual(Object.keys(error), [...OWN, 'httpStatus', 'providerCode', 'requestId', 'retryAfterMs'])
})

test('every method names itself and its provider', async (t) => {
  const { provider, server } = await withRailway(t)
  server.faults.add({ kind: 'respond', status: 401, body: 'no', times: Infinity })
  const id = '00000000-0000-4000-8000-000000000000'
  const calls = {
    create: [() => provider.create(), 'Failed to create Railway instance: '],
    getById: [() => provider.getById(id), 'Failed to get Railway instance: '],
    list: [() => provider.list(), 'Failed to list Railway instances: '],
    destroy: [() => provider.destroy(id), 'Failed to destroy Railway instance: '],
  }
  for (const [operation, [call, opening]] of Object.entries(calls)) {
    const error = await rejection(call(), { operation, provider: 'railway', code: 'UNAUTHENTICATED', httpStatus: 401 })
    assert.ok(error.message.startsWith(opening), error.message)
  }
})

/** The line of this file that a stack names first, and which functions of this file it names. */
function framesHere(error) {
  const frames = error.stack.split('\n').filter((line) => line.includes('error-object.test.mjs'))
  return { line: Number(/:(\d+):\d+\)?$/.exec(frames[0])?.[1]), text: frames.join('\n') }
}

const lineOf = (error) => framesHere(error).line

test('the stack of a rejection begins at the line that called', async (t) => {
  const { provider, server } = await withRailway(t)
  server.faults.add({ kind: 'respond', status: 401 })
  const here = lineOf(new Error('marks the line above the call'))
  const error = await rejection(provider.list(), { code: 'UNAUTHENTICATED' })
  assert.equal(lineOf(error), here + 1)
})

test('the stack of a rejection reaches through async functions', async (t) => {
  const { provider, server } = await withRailway(t)
  server.faults.add({ kind: 'respond', status: 401 })
  async function innerFunction() {
    await null
    return await provider.list()
  }
  async function outerFunction() {
    return await innerFunction()
  }
  const { text } = framesHere(await rejection(outerFunction()))
  assert.match(text, /innerFunction/)
  assert.match(text, /outerFunction/)
})

test('the stack of a rejection names those who await it, however they do', async (t) => {
  const { provider } = await withRailway(t)
  const call = () => provider.getById('')
  const waits = {
    async all() {
      await Promise.all([call(), call()])
    },
    async race() {
      await Promise.race([call(), new Promise(() => {})])
    },
    async chain() {
      await call().then((value) => value)
    },
  }
  for (const [name, wait] of Object.entries(waits)) {
    const { text } = framesHere(await rejection(wait()))
    assert.match(text, new RegExp(`at async .*${name}`), text)
  }
  const settle = async () => (await Promise.allSettled([call()]))[0].reason
  assert.match(framesHere(await settle()).text, /at async settle/)
  // Without `await` the function has returned by then.
  const hand = () => call()
  const waitForHand = async () => await hand()
  const { text } = framesHere(await rejection(waitForHand()))
  assert.match(text, /waitForHand/)
  assert.doesNotMatch(text, /at async hand /)
})

test('the stack of an argument error begins at the line that called, too', async (t) => {
  const { provider } = await withRailway(t)
  const here = lineOf(new Error('marks the line above the call'))
  const error = await rejection(provider.destroy(''), { code: 'INVALID_ARGUMENT' })
  assert.equal(lineOf(error), here + 1)
})

test('a stack limit of zero costs the frames and nothing else', async (t) => {
  const { provider } = await withRailway(t)
  const before = Error.stackTraceLimit
  t.after(() => (Error.stackTraceLimit = before))
  Error.stackTraceLimit = 0
  const error = await rejection(provider.getById(''), { code: 'INVALID_ARGUMENT' })
  assert.equal(error.stack, `GatewayError: ${error.message}`)
})

test('a formatter of stacks that throws costs the frames and nothing else', async (t) => {
  const { provider, server } = await withRailway(t)
  const before = Error.prepareStackTrace
  t.after(() => (Error.prepareStackTrace = before))
  server.faults.add({ kind: 'respond', status: 401 })
  // The server of this process makes errors, too.
  Error.prepareStackTrace = (error) => {
    if (!(error instanceof Error) || error.message.startsWith('Failed') || error.message.startsWith('Invalid')) {
      throw new Error('from prepareStackTrace')
    }
    return String(error)
  }
  const bare = async (promise, expected) => {
    const error = await rejection(promise, expected)
    assert.equal(error.stack, `GatewayError: ${error.message}`)
    assert.ok(Object.keys(error).includes('retryable'))
  }
  await bare(provider.list(), { code: 'UNAUTHENTICATED' })
  await bare(provider.getById(''), { code: 'INVALID_ARGUMENT' })
  await bare(provider.list({ signal: AbortSignal.abort() }), { code: 'ABORTED' })
  thrown(() => railway({ apiKey: 5 }), { code: 'INVALID_CONFIG' })
})

test('a bad argument rejects and never throws', async (t) => {
  const { provider, server } = await withRailway(t)
  const bad = [undefined, null, 5, '', 'x', {}, [], Symbol('id'), 1n, () => {}, new String('x'), '0'.repeat(36)]
  for (const id of bad) {
    await rejection(provider.getById(id), { code: 'INVALID_ARGUMENT', operation: 'getById', retryable: false })
    await rejection(provider.destroy(id), { code: 'INVALID_ARGUMENT', operation: 'destroy', retryable: false })
  }
  for (const options of [5, 'x', true, [], () => {}, Symbol('options'), 1n]) {
    await rejection(provider.create(options), { code: 'INVALID_ARGUMENT', message: /options must be an object/ })
    await rejection(provider.list(options), { code: 'INVALID_ARGUMENT', message: /options must be an object/ })
  }
  await rejection(provider.list({ managed: 'yes' }), { code: 'INVALID_ARGUMENT', message: /options\.managed/ })
  assert.equal(server.requests.length, 0)
})

test('an id cannot climb into another path or document', async (t) => {
  const { provider, server } = await withRailway(t)
  const ids = ['../../../etc/passwd', 'x"){id}}', '7f9a4b1e-1234-4abc-9def-0123456789ab\n', '%2e%2e', 'ü'.repeat(36)]
  for (const id of ids) {
    await rejection(provider.getById(id), { code: 'INVALID_ARGUMENT' })
    await rejection(provider.destroy(id), { code: 'INVALID_ARGUMENT' })
  }
  assert.equal(server.requests.length, 0)
})
