import { createRandom } from './random.mjs'

/**
 * The kinds of faults, by name. Each function gets an exchange (see http.mjs) and the fault. `exchange.run()` is the
 * handler, with the request's *effect*. Most kinds exist with and without the effect: the client gets the same broken
 * answer.
 *
 * @type {Record<string, (exchange: import('./http.mjs').Exchange, fault: Fault) => Promise<void> | void>}
 */
const KINDS = {
  'reset-before': (exchange, fault) => exchange.drop(fault.rst),

  'reset-after': async (exchange, fault) => {
    await exchange.run()
    exchange.drop(fault.rst)
  },

  // A FIN by default: after a RST the client's kernel may drop received bytes, and the client has to read half of an
  // answer.
  cut: async (exchange, fault) => exchange.sendHalf(await exchange.run(), fault.rst ?? false),

  respond: async (exchange, fault) => {
    if (fault.effect) await exchange.run()
    exchange.send({ status: fault.status, headers: fault.headers, body: fault.body })
  },

  slow: async (exchange, fault) => {
    const effectFirst = fault.effectFirst ?? true
    const early = effectFirst ? await exchange.run() : undefined
    const isInTime = await wait(exchange, fault)
    if (!effectFirst && !isInTime) return exchange.drop()
    // As at a real server, the effect goes on when the client has closed the connection.
    exchange.send(effectFirst ? early : await exchange.run())
  },

  'late-effect': async (exchange, fault) => {
    exchange.drop(fault.rst)
    if (await wait(exchange, fault)) await exchange.run()
  },

  html: async (exchange, fault) => {
    if (fault.effect) await exchange.run()
    exchange.send(exchange.edgePage(fault.status ?? 403))
  },

  replace: async (exchange, fault) => {
    const answer = await exchange.run()
    const json = typeof answer.body === 'string' ? JSON.parse(answer.body) : structuredClone(answer.body)
    exchange.send({ ...answer, status: fault.status ?? answer.status, body: fault.map(json) })
  },

  // A function of the test.
  play: (exchange, fault) => fault.play(exchange),
}

// Pauses. Returns whether an effect may still happen: on a slow machine it would come later than at a provider.
async function wait(exchange, { milliseconds, latest = Infinity }) {
  const began = performance.now()
  await exchange.pause(milliseconds)
  return performance.now() - began <= latest
}

/** What a fault of a kind needs: a property and its type. */
const NEEDS = {
  slow: ['milliseconds', 'number'],
  'late-effect': ['milliseconds', 'number'],
  respond: ['status', 'number'],
  replace: ['map', 'function'],
  play: ['play', 'function'],
}

/**
 * @typedef {object} Fault
 * @property {string} kind one of KINDS
 * @property {string | ((request: import('./http.mjs').RequestRecord) => boolean)} [when] which requests; default: any
 * @property {number} [times] how many requests, also `Infinity`; default: 1
 * @property {boolean} [rst] reset-before, reset-after, late-effect, cut: RST (true) or FIN (false)
 * @property {number} [status] respond, html, replace
 * @property {Record<string, string | null>} [headers] respond; `null` removes a header of all answers
 * @property {unknown} [body] respond: a string as it is, anything else as JSON
 * @property {boolean} [effect] respond, html: the handler runs first, and its answer is dropped
 * @property {number} [milliseconds] slow, late-effect
 * @property {boolean} [effectFirst] slow: the effect happens before the wait (default) or after it
 * @property {number} [latest] slow, late-effect: after so many milliseconds the effect does not happen any more
 * @property {(json: any) => unknown} [map] replace
 * @property {(exchange: import('./http.mjs').Exchange) => Promise<void> | void} [play] play
 */

/** The faults of one server. */
export class Faults {
  #queue = []
  #chaos
  #matches

  /** How many requests met each kind. @type {Record<string, number>} */
  counts = {}

  /** @param {(request: object, pattern: string) => boolean} matches */
  constructor(matches) {
    this.#matches = matches
  }

  /** Returns the faults that are not used up. */
  get pending() {
    return [...this.#queue]
  }

  /**
   * Adds a fault. Matching requests use up the faults in the order of adding.
   * @param {Fault} fault
   */
  add(fault) {
    check(fault)
    const entry = { times: 1, ...fault }
    this.#queue.push(entry)
    return entry
  }

  /**
   * Gives a share of the requests a fault, chosen by a seeded generator. Faults that were added come first.
   *
   * @param {{ seed: number, rate: number, kinds: Fault[], limit?: number }} plan `limit`: at most so many in all
   */
  random({ seed, rate, kinds, limit = Infinity }) {
    kinds.forEach(check)
    this.#chaos = { rate, kinds, left: limit, generator: createRandom(seed) }
  }

  clear() {
    this.#queue = []
    this.#chaos = undefined
    this.counts = {}
  }

  /**
   * Returns the fault of a request, if any, and uses it up.
   * @returns {Fault | undefined}
   */
  take(request) {
    const fault = this.#takeQueued(request) ?? this.#takeRandom()
    if (fault) this.counts[fault.kind] = (this.counts[fault.kind] ?? 0) + 1
    return fault
  }

  /** @param {Fault} fault */
  static apply(exchange, fault) {
    return KINDS[fault.kind](exchange, fault)
  }

  #takeQueued(request) {
    const index = this.#queue.findIndex((fault) => this.#meets(request, fault.when))
    if (index < 0) return undefined
    const fault = this.#queue[index]
    fault.times -= 1
    if (!(fault.times > 0)) this.#queue.splice(index, 1)
    return fault
  }

  #takeRandom() {
    const chaos = this.#chaos
    if (!chaos || chaos.left <= 0 || chaos.generator.next() >= chaos.rate) return undefined
    chaos.left -= 1
    return chaos.generator.pick(chaos.kinds)
  }

  #meets(request, when) {
    if (when === undefined) return true
    return typeof when === 'function' ? Boolean(when(request)) : this.#matches(request, when)
  }
}

// Checks a fault. A misspelt one would have no effect, and a test would pass for the wrong reason.
function check(fault) {
  if (!Object.hasOwn(KINDS, fault.kind)) {
    throw new TypeError(`unknown fault kind ${JSON.stringify(fault.kind)}; known: ${Object.keys(KINDS).join(', ')}`)
  }
  const [property, type] = NEEDS[fault.kind] ?? []
  if (property && typeof fault[property] !== type) {
    throw new TypeError(`a '${fault.kind}' fault needs \`${property}\`, a ${type}`)
  }
}

/**
 * Returns the fault of a rate limit: refused, without effect.
 *
 * @param {{ retryAfter?: number | string, headers?: Record<string, string>, body?: unknown }} [options]
 * @returns {Fault}
 */
export function tooManyRequests({ retryAfter, headers, body = { message: 'Too Many Requests' } } = {}) {
  return {
    kind: 'respond',
    status: 429,
    headers: { ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }), ...headers },
    body,
  }
}
