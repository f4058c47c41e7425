// A case of the fuzz of arguments: one factory and one method, given values that no type allows. It follows from the
// seed and the number of the case.
import { getEventListeners } from 'node:events'
import vm from 'node:vm'

import { printable } from '../support/canary.mjs'
import { createRandom } from '../servers/shared/random.mjs'
import { checkError, checkRequest, credential, secret } from './invariants.mjs'
import { startServer } from './server.mjs'

const METHODS = ['create', 'getById', 'list', 'destroy']
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

/** Values of every kind, made anew for each use. */
const HOSTILE = [
  () => undefined,
  () => null,
  () => true,
  () => 0,
  () => -0,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -1,
  () => 1.5,
  () => 2 ** 53,
  () => 1e308,
  () => 10n ** 30n,
  () => Symbol('x'),
  () => '',
  () => ' ',
  () => '\0',
  () => '..',
  () => '../services',
  () => 'a/b?c#d',
  () => 'a\r\nX-Injected: 1',
  () => '\uD800',
  () => 'a\uDC00b',
  () => '\u202Eabc\u200B',
  () => '\u{1F600}'.repeat(50),
  () => 'x'.repeat(20_000),
  () => '__proto__',
  () => 'xn--',
  () => '${{ shared.SECRET }}',
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

/**
 * @param {object} options
 * @param {Record<string, import('./recordings.mjs').Recording>} options.recordings
 * @param {Record<string, (config: object) => any>} options.addon
 * @param {number} options.seed
 */
export async function createArgumentFuzz({ recordings, addon, seed }) {
  const names = Object.keys(recordings)
  const violations = []
  let number = -1
  const server = await startServer((request, socket) => {
    const [, name, own, target] = /^\/(\w+)\/c(\d+)(\/.*)$/.exec(request.target) ?? []
    const wrong = name ? checkRequest(name, { ...request, target }, credential(`argument-${own}`)) : `to ${request.target}`
    if (wrong) violations.push({ number: Number(own ?? -1), text: wrong })
    socket.write(REFUSED)
  })
  const fields = Object.fromEntries(names.map((name) => [name, fieldsOf(addon[name])]))

  function configFor(name, random) {
    const { config, path } = { ...recordings[name].config, config: recordings[name].config }
    const own = credential(`argument-${number}`)
    const { apiKey, token, ...rest } = config
    const key = apiKey === undefined ? { token: own } : { apiKey: own }
    const baseUrl = `${server.url}/${name}/c${number}${path}`
    const { path: _path, ...fitting } = { ...rest, ...key, baseUrl, maxRetries: 0 }
    if (random.next() < 0.6) return fitting
    if (random.next() < 0.2) return hostile(random)
    for (let count = random.integer(3); count >= 0; count -= 1) {
      const field = random.pick(fields[name].configure)
      fitting[field] = field === 'baseUrl' ? addressFor(random) : hostile(random)
    }
    return random.next() < 0.1 ? Object.create(fitting) : fitting
  }

  const hostile = (random) => random.pick(HOSTILE)()

  function addressFor(random) {
    const value = random.next() < 0.5 ? hostile(random) : random.pick(ADDRESSES)
    return value === undefined || value === null || value === '' ? {} : value
  }

  function optionsFor(name, method, random) {
    if (random.next() < 0.25) return hostile(random)
    const options = {}
    for (let count = random.integer(3); count >= 0; count -= 1) {
      const field = random.pick([...fields[name][method], 'signal'])
      const value = field === 'signal' && random.next() < 0.8 ? random.pick(SIGNALS)() : hostile(random)
      if (random.next() < 0.1) Object.defineProperty(options, field, { get: boom, enumerable: true, configurable: true })
      else Object.defineProperty(options, field, { value, enumerable: true, configurable: true, writable: true })
    }
    return options
  }

  /** Runs a case; says what is wrong. */
  async function runCase() {
    const random = createRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0xc2b2ae35)) >>> 0)
    const name = random.pick(names)
    const method = random.pick(METHODS)
    let provider
    try {
      provider = addon[name](configFor(name, random))
    } catch (error) {
      const wrong = checkError(error, { provider: name, operation: 'configure', thoroughly: true })
      return wrong ?? (error.code === 'INVALID_CONFIG' ? undefined : `the factory throws ${error.code}`)
    }
    if (String(Object.keys(provider)) !== String(KEYS)) return `no provider: ${printable(provider)}`
    const options = optionsFor(name, method, random)
    const id = random.next() < 0.4 ? random.pick(recordings[name].ids) : hostile(random)
    const parameters = method === 'create' || method === 'list' ? [options] : [id, options]
    let call
    try {
      call = provider[method](...parameters)
    } catch (error) {
      return `${method} throws: ${printable(error)}`
    }
    if (!(call instanceof Promise)) return `${method} returns no promise: ${printable(call)}`
    const error = await errorOf(call)
    if (error === 'hangs') return 'the call hangs'
    if (error === undefined) return `${method} resolves although its credential is refused`
    return checkError(error, { provider: name, operation: method, thoroughly: number % 10 === 0 }) ?? checkListeners(options)
  }

  return {
    violations,
    async run(each) {
      number = each
      const wrong = await runCase()
      if (wrong) violations.push({ number: each, text: wrong })
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
    return [...found].filter((key) => typeof key === 'string' && key !== 'signal')
  }
  const provider = factory({})
  const ignored = (promise) => void promise.catch(() => {})
  return {
    configure: read((object) => factory(object)),
    create: read((object) => ignored(provider.create(object))),
    getById: read((object) => ignored(provider.getById('x', object))),
    list: read((object) => ignored(provider.list(object))),
    destroy: read((object) => ignored(provider.destroy('x', object))),
  }
}

async function errorOf(call) {
  let timer
  const hangs = new Promise((resolve) => {
    timer = setTimeout(() => resolve('hangs'), LONGEST_MILLISECONDS)
  })
  const ended = call.then(
    () => undefined,
    (error) => error,
  )
  return Promise.race([ended, hangs]).finally(() => clearTimeout(timer))
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
