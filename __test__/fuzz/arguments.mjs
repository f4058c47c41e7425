// The fuzz of arguments: one factory and one method, given values that no type allows.
import { getEventListeners } from 'node:events'
import vm from 'node:vm'

import * as fc from 'fast-check'

import { printable } from '../support/canary.mjs'
import { within } from '../support/eventually.mjs'
import { callsOf } from '../support/fixture.mjs'
import { checkError, checkRequest, credential, secret } from './invariants.mjs'
import { HOSTILE_TEXTS } from './mutations.mjs'
import { startServer } from './server.mjs'

const METHODS = ['create', 'getById', 'list', 'destroy']
const CREDENTIALS = ['apiKey', 'token', 'projectToken', 'oidcToken']
const KEYS = ['name', 'create', 'getById', 'list', 'destroy']
const LONGEST_MILLISECONDS = 10_000
const REFUSED = 'HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'

const boom = () => {
  throw new Error(secret('from-a-trap'))
}
const ALL_TRAPS = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'set', 'defineProperty']
const throwing = (target) => new Proxy(target, Object.fromEntries(ALL_TRAPS.map((trap) => [trap, boom])))
const revoked = (target) => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}
const cyclic = () => {
  const value = { list: [] }
  value.self = value
  value.list.push(value)
  return value
}
const rejected = () => {
  const promise = Promise.reject(new Error('x'))
  promise.catch(() => {})
  return promise
}

/** Values that no use can change. */
const PRIMITIVES = [
  undefined, null, true, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 2 ** 53, 1e308, 10n ** 30n, Symbol('x'),
  ...HOSTILE_TEXTS, 'http://127.0.0.1:1', 'x'.repeat(100_000),
]

/** Values of every kind; objects are made anew for each use. */
const HOSTILE = [
  ...PRIMITIVES.map((value) => () => value),
  () => () => {},
  () => class {},
  () => [],
  () => Array.from({ length: 3 }),
  () => [[[[]]]],
  () => [undefined, null, Symbol('x')],
  () => Object.assign([], { length: 20_000 }),
  () => new Proxy([], { get: (_target, key) => (key === 'length' ? Number.POSITIVE_INFINITY : 'x') }),
  () => new Proxy([], { get: (_target, key) => (key === 'length' ? 2 ** 53 - 1 : 3_000) }),
  () => Array.from({ length: 2_000 }, (_, number) => number),
  () => ({}),
  () => Object.create(null),
  // oxlint-disable-next-line unicorn/no-thenable -- it is what a caller may pass
  () => ({ then: (resolve) => resolve({}) }),
  () => ({ toString: boom, valueOf: boom, toJSON: boom, [Symbol.toPrimitive]: boom }),
  () => ({ ['__proto__']: 1, constructor: 2, A: 3 }),
  () => ({ 'a\uD800': '1', '': '2', 'a=b': '3' }),
  () => ({ A: '\uD800', B: secret('value') }),
  () => ({ A: secret('value') }),
  () => ({ accessToken: 'x', gatewayUrl: 'x', env: { A: 5 } }),
  () => ({ accessToken: secret('access'), gatewayUrl: 'ws://x' }),
  () => Object.fromEntries(Array.from({ length: 500 }, (_, number) => [`K${number}`, secret('many')])),
  () => Object.defineProperty({}, 'A', { get: boom, enumerable: true }),
  cyclic,
  () => new (class {
    get A() {
      return '1'
    }
  })(),
  () => new Date(),
  () => new Date(Number.NaN),
  () => /x/,
  () => new Map([['A', '1']]),
  () => new Set([1]),
  () => new WeakMap(),
  () => Promise.resolve({}),
  rejected,
  () => new Error('x'),
  () => new String('x'),
  () => new Number(3),
  () => Object(1n),
  () => Buffer.from('x'),
  () => new Float64Array(3),
  () => new ArrayBuffer(8),
  () => new SharedArrayBuffer(8),
  () => new URL('http://127.0.0.1'),
  () => new AbortController(),
  () => AbortSignal.abort(),
  () => globalThis,
  () => process.env,
  () => vm.runInNewContext('({ A: "1" })'),
  () => vm.runInNewContext('[1, 2]'),
  () => vm.runInNewContext('new Error("x")'),
  () => throwing({}),
  () => throwing([]),
  () => throwing(() => {}),
  () => revoked({}),
  () => revoked([]),
  () => new Proxy({}, { ownKeys: () => ['A', 'A'] }),
  () => new Proxy({}, { ownKeys: () => ['A'], getOwnPropertyDescriptor: () => undefined, get: () => ({}) }),
  () => new Proxy({}, { getPrototypeOf: () => Array.prototype, get: (_target, key) => (key === 'length' ? -1 : 'x') }),
  () => new Proxy([], { get: (_target, key) => (key === 'length' ? 5_000 : 'x') }),
]

/** Values for a signal. */
const SIGNALS = [
  () => AbortSignal.abort(),
  () => AbortSignal.abort(cyclic()),
  () => new AbortController().signal,
  () => AbortSignal.timeout(1),
  () => new EventTarget(),
  () => ({ aborted: false, addEventListener: boom, removeEventListener: boom }),
  () => ({ aborted: false, addEventListener() {}, removeEventListener: boom }),
  () => ({ aborted: false, addEventListener: (_type, listener) => listener(), removeEventListener() {} }),
  () => ({ aborted: 'no', addEventListener() {}, removeEventListener() {} }),
  () => ({ get aborted() { return boom() } }),
  () => Object.create(AbortSignal.prototype),
  () => new Proxy(new AbortController().signal, {}),
  () => throwing(new AbortController().signal),
  () => revoked({}),
]

/** Addresses that are none, or none of ours. What is missing is left out: the provider's own would be used. */
const ADDRESSES = [
  'http://',
  'http://127.0.0.1:1',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'http://127.0.0.1:99999',
  'http://user:password@127.0.0.1/',
  'http://127.0.0.1/?a=b',
  'http://127.0.0.1/#a',
  'http://example.invalid/',
  'http://127.0.0.1/\uD800',
  `http://127.0.0.1:1/${'x'.repeat(100_000)}`,
]

const weighted = (...table) => fc.oneof(...table.map(([weight, arbitrary]) => ({ weight, arbitrary })))
const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true })
const hostile = weighted([4, fc.constantFrom(...HOSTILE)], [1, anything.map((value) => () => value)])
const address = fc.oneof(hostile, fc.constantFrom(...ADDRESSES).map((text) => () => text)).map((make) => () => {
  const value = make()
  return value === undefined || value === null || value === '' ? {} : value
})
const signal = weighted([4, fc.constantFrom(...SIGNALS)], [1, hostile])
const VALUES = { baseUrl: address, signal }

/** Some fields with values, of these names or of one that no provider knows; now and then by a getter that throws. */
const fieldsAmong = (names) => {
  const field = (name) => fc.record({ name: fc.constant(name), make: VALUES[name] ?? hostile, throws: rarely })
  return fc.array(fc.constantFrom(...names, 'unknown').chain(field), { minLength: 1, maxLength: 3 })
}
const rarely = fc.integer({ min: 0, max: 9 }).map((number) => number === 0)

/**
 * Calls of one provider. An argument is made by a function, or has these fields besides those that it should have; of the
 * fields that another provider reads, this one may take no notice.
 */
function callsAt(name, { ids }, fields, foreign) {
  const fitting = fc.constant([])
  const unknownField = fc.constant([{ name: 'baseUrl', make: () => 'http://127.0.0.1:1' }])
  const argument = (names, others) => {
    const [own, any] = [fieldsAmong(names), fieldsAmong(others)]
    return weighted([6, fitting], [4, own], [3, any], [1, hostile])
  }
  const config = weighted([8, fitting], [10, argument(fields.configure, foreign.configure)], [1, unknownField])
  const call = (method) => {
    const options = argument(fields[method], foreign[method])
    const id = weighted([2, fc.constantFrom(...ids).map((text) => () => text)], [1, hostile])
    return fc.record({ name: fc.constant(name), method: fc.constant(method), config, options, id, isInherited: rarely })
  }
  return fc.constantFrom(...METHODS).chain(call)
}

/**
 * The calls, and what runs one and tells what is wrong with it.
 *
 * @param {Record<string, import('./recordings.mjs').Recording>} recordings
 * @param {Record<string, (config: object) => any>} addon
 */
export async function createArgumentFuzz(recordings, addon) {
  /** By case: what was wrong with a request, and the credentials that its configuration held. */
  const violations = new Map()
  const credentials = new Map()
  const counts = {}
  const fields = Object.fromEntries(Object.keys(recordings).map((name) => [name, fieldsOf(addon[name])]))
  const all = Object.fromEntries(
    ['configure', ...METHODS].map((use) => [use, [...new Set(Object.values(fields).flatMap((each) => each[use]))]]),
  )
  const calls = fc.oneof(...Object.keys(recordings).map((name) => callsAt(name, recordings[name], fields[name], all)))
  let number = 0
  const server = await startServer((request, socket) => {
    const [, name, own, target] = /^\/(\w+)\/c(\d+)(\/.*)$/.exec(request.target) ?? []
    const check = (each) => checkRequest(name, { ...request, target }, each)
    const complaints = name ? credentials.get(Number(own)).map(check) : [`to ${request.target}`]
    const wrong = complaints.every(Boolean) && complaints[0]
    if (wrong) violations.set(Number(own ?? -1), wrong)
    socket.write(REFUSED)
  })

  function configOf({ name, config, isInherited }) {
    if (typeof config === 'function') return config()
    const { path, apiKey, token, ...rest } = recordings[name].config
    const own = { [apiKey === undefined ? 'token' : 'apiKey']: credential(`argument-${number}`) }
    const fitting = { ...rest, ...own, baseUrl: `${server.url}/${name}/c${number}${path}`, maxRetries: 0 }
    for (const { name: field, make } of config) fitting[field] = make()
    const held = CREDENTIALS.map((field) => fitting[field])
    credentials.set(number, held.filter((each) => typeof each === 'string' && each !== ''))
    return isInherited ? Object.create(fitting) : fitting
  }

  function optionsOf({ options }) {
    if (typeof options === 'function') return options()
    const made = {}
    for (const { name, make, throws } of options) {
      const property = throws ? { get: boom } : { value: make(), writable: true }
      Object.defineProperty(made, name, { ...property, enumerable: true, configurable: true })
    }
    return made
  }

  async function run(each) {
    const { name, method } = each
    const thoroughly = number % 10 === 0
    let provider
    try {
      provider = addon[name](configOf(each))
    } catch (error) {
      const wrong = checkRefusal(error, { provider: name, operation: 'configure', thoroughly: true })
      return wrong ?? (error.code === 'INVALID_CONFIG' ? undefined : `the factory throws ${error.code}`)
    }
    if (String(Object.keys(provider)) !== String(KEYS)) return `no provider: ${printable(provider)}`
    const options = optionsOf(each)
    let call
    try {
      call = provider[method](...(method === 'create' || method === 'list' ? [options] : [each.id(), options]))
    } catch (error) {
      return `${method} throws: ${printable(error)}`
    }
    if (!(call instanceof Promise)) return `${method} returns no promise: ${printable(call)}`
    const ended = call.then(() => undefined, (error) => error)
    const error = await within(LONGEST_MILLISECONDS, ended, 'hangs')
    if (error === 'hangs') return 'the call hangs'
    if (error === undefined) return `${method} resolves although its credential is refused`
    return checkRefusal(error, { provider: name, operation: method, thoroughly }) ?? checkListeners(options)
  }

  function checkRefusal(error, call) {
    counts[error.code] = (counts[error.code] ?? 0) + 1
    return checkError(error, call) ?? (error.message.isWellFormed() ? undefined : 'the message is not well-formed')
  }

  return {
    calls,
    violations,
    /** How many errors there were of each code. */
    counts,
    async check(each) {
      number += 1
      return (await run(each)) ?? violations.get(number)
    },
    close: () => server.close(),
  }
}

/** The fields that are read of a factory's configuration and of each method's options. */
function fieldsOf(factory) {
  const read = (use) => {
    const found = new Set()
    const object = new Proxy({}, { get: (_target, key) => void found.add(key) })
    use(object)
    return [...found].filter((key) => typeof key === 'string')
  }
  const provider = factory({})
  const calls = Object.entries(callsOf('x')).map(([method, call]) => {
    return [method, read((options) => call(provider, options).catch(() => {}))]
  })
  return { configure: read(factory), ...Object.fromEntries(calls) }
}

/** A call that is over listens no longer. */
function checkListeners(options) {
  let signal
  try {
    signal = options.signal
    if (!(signal instanceof AbortSignal)) return undefined
    return getEventListeners(signal, 'abort').length === 0 ? undefined : 'a listener is left at the signal'
  } catch {
    return undefined
  }
}
