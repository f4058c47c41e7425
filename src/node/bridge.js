// @ts-check
// The part of the bridge that is JavaScript's own: it reads the caller's objects, holds the promises, listens to signals and
// makes the errors. Through Node-API each of these costs a multiple of it (docs/performance.md). A call crosses to the addon
// once, as one JSON text in each direction.
'use strict'

/**
 * @typedef {import('./binding').Native} Native
 * @typedef {import('./binding').Constants} Constants
 * @typedef {import('./binding').CancelHandle} CancelHandle
 * @typedef {import('./binding').ConfiguredProvider} ConfiguredProvider
 * @typedef {import('./binding').ErrorProperties} ErrorProperties
 *
 * @typedef {object} Site where a call came from
 * @property {string} [stack]
 *
 * @typedef {object} Watched what is known of a call's signal
 * @property {number} state
 * @property {AbortSignal} [signal]
 * @property {() => void} [onAbort]
 *
 * @typedef {object} Call a call under way
 * @property {(value: unknown) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {Site} site
 * @property {Watched} watched
 * @property {CancelHandle | undefined} handle
 */

// Taken at import: code that replaces them later does not get the keys of callers.
const { isArray } = Array
const { captureStackTrace } = Error
const { isFinite } = Number
const { assign, defineProperty, hasOwn, keys } = Object
const { parse, stringify } = JSON
// Missing before Node 20.
const isWellFormed = /** @type {((this: string) => boolean) | undefined} */ (
  /** @type {any} */ (String.prototype).isWellFormed
)
const toWellFormed = /** @type {(this: string) => string} */ (/** @type {any} */ (String.prototype).toWellFormed)

/** How deep a value is read. No option is deeper: `registryCredentials.password`, `envs.NAME`. */
const DEPTH = 2

// --- The caller's objects -------------------------------------------------------------------------------------------

/**
 * Returns a text that JSON can carry: half of a surrogate pair is no character.
 *
 * @param {string} text
 */
const toWhole = (text) => (isWellFormed === undefined || isWellFormed.call(text) ? text : toWellFormed.call(text))

/**
 * Encodes a value for src/node/decode.rs: a value that JSON has is itself, any other an object with one key.
 *
 * @param {unknown} value
 * @param {number} depth
 * @returns {unknown}
 */
const encode = (value, depth) => {
  switch (typeof value) {
    case 'undefined':
      return null
    case 'boolean':
      return value
    case 'number':
      return isFinite(value) ? value : { nan: true }
    case 'string':
      return toWhole(value)
    case 'object':
      return value === null ? null : encodeObject(/** @type {Record<string, unknown>} */ (value), depth)
    default:
      return { other: `a ${typeof value}` }
  }
}

/**
 * @param {Record<string, unknown>} value
 * @param {number} depth
 */
const encodeObject = (value, depth) => {
  if (depth === 0) return { other: 'an object' }
  if (isArray(value)) {
    const list = []
    for (let index = 0; index < value.length; index += 1) list.push(encode(value[index], depth - 1))
    return { list }
  }
  // It has no own entries, and would pass for an empty object.
  if ('entries' in value && !hasOwn(value, 'entries')) return { other: 'a Map or the like' }
  const map = []
  for (const key of keys(value)) map.push(toWhole(key), encode(value[key], depth - 1))
  return { map }
}

/**
 * Returns the text of an object: the index of each field that is there, followed by its value. A field whose reading throws is
 * encoded as -1 less its index. A missing object is an empty text, a value of another type the name of its type.
 *
 * @param {unknown} object
 * @param {string[]} names
 */
const readObject = (object, names) => {
  if (object === undefined || object === null) return ''
  if (!isObject(object)) return stringify(kindOf(object))
  const found = []
  for (let index = 0; index < names.length; index += 1) {
    try {
      const value = object[/** @type {string} */ (names[index])]
      if (value !== undefined && value !== null) found.push(index, encode(value, DEPTH))
    } catch {
      found.push(-1 - index)
    }
  }
  return stringify(found)
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
const isObject = (value) => {
  try {
    return typeof value === 'object' && !isArray(value)
  } catch {
    // A revoked proxy: an object whose fields cannot be read.
    return true
  }
}

/** @param {unknown} value */
const kindOf = (value) => {
  if (typeof value === 'object') return 'an array'
  return typeof value === 'symbol' || typeof value === 'bigint' ? 'a value of that kind' : `a ${typeof value}`
}

// --- Errors ---------------------------------------------------------------------------------------------------------

/**
 * Captures where a call came from. An error that is made when the reply comes has no frames of the caller in its stack.
 *
 * @param {Function} method
 */
const captureSite = (method) => {
  /** @type {Site} */
  const site = {}
  captureStackTrace?.(site, method)
  return site
}

/** @param {Site} site */
const framesOf = (site) => {
  try {
    const { stack } = site
    if (stack === undefined) return ''
    const start = stack.indexOf('\n    at ')
    return start < 0 ? '' : stack.slice(start)
  } catch {
    // The caller's own formatter throws, or returns no text.
    return ''
  }
}

/**
 * @param {Error} error
 * @param {string} name
 * @param {unknown} value
 */
const defineHidden = (error, name, value) => {
  defineProperty(error, name, { value, writable: true, enumerable: false, configurable: true })
}

/**
 * Makes the error that the addon describes. `causes` holds its cause, if it has one.
 *
 * @param {ErrorProperties} properties
 * @param {Site} site
 * @param {unknown[]} causes
 */
const makeError = ({ message, ...properties }, site, causes = []) => {
  const error = new Error(message)
  defineHidden(error, 'name', 'GatewayError')
  defineHidden(error, 'stack', `GatewayError: ${message}${framesOf(site)}`)
  for (const cause of causes) defineHidden(error, 'cause', cause)
  return assign(error, properties)
}

/**
 * Makes an error to throw, with the present stack.
 *
 * @param {string} text
 */
const makeErrorHere = (text) => makeError(parse(text), captureSite(makeErrorHere))

/**
 * Returns whether a native error looks like one of ours.
 *
 * @param {Error & { code?: unknown }} error
 */
const isGatewayError = (error) => {
  try {
    return error.name === 'GatewayError' && typeof error.code === 'string'
  } catch {
    return false
  }
}

/**
 * Returns a variable of the environment as it is now; nothing if there is none, or if a proxy in its place throws.
 *
 * @param {string} name
 */
const readVariable = (name) => {
  try {
    const value = globalThis.process.env[name]
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}

/**
 * Node warns of a leak at the eleventh listener of a signal. We add one per call under way and remove it, so a signal that many
 * calls share, such as that of a shutdown, is no leak. `fetch` raises the limit in the same way.
 *
 * @param {AbortSignal} signal
 */
const raiseListenerLimit = (signal) => {
  try {
    // Missing before Node 20.16 and in other runtimes: the warning stays there.
    const events = globalThis.process.getBuiltinModule('node:events')
    // A limit that the caller has set stays.
    if (events.getMaxListeners(signal) === events.defaultMaxListeners) events.setMaxListeners(0, signal)
  } catch {
    // It is only a warning.
  }
}

/**
 * Returns the reason of a signal in an array, which is empty if reading it throws.
 *
 * @param {Watched} watched
 * @returns {unknown[]}
 */
const reasonsOf = ({ signal }) => {
  try {
    return [signal?.reason]
  } catch {
    return []
  }
}

// --- The bridge of one environment ----------------------------------------------------------------------------------

/**
 * Makes the functions that the addon calls, in one environment (main thread, worker).
 *
 * @param {Native['start']} start
 * @param {Native['cancel']} cancel
 * @param {Native['idle']} idle
 * @param {string} constants what both sides agree on, as JSON
 */
const makeBridge = (start, cancel, idle, constants) => {
  const { Method, SignalState, ReplyKind, fields } = /** @type {Constants} */ (parse(constants))

  /**
   * Calls under way, by number.
   *
   * @type {Map<number, Call>}
   */
  const calls = new Map()
  let latest = 0

  /** @type {Watched} */
  const NO_SIGNAL = { state: SignalState.NONE }

  /**
   * Begins to listen to `options.signal`.
   *
   * @param {unknown} options
   * @param {() => void} onAbort
   * @returns {Watched}
   */
  const watchSignal = (options, onAbort) => {
    if (options === undefined || options === null || !isObject(options)) return NO_SIGNAL
    try {
      const signal = /** @type {AbortSignal | undefined | null} */ (options.signal)
      if (signal === undefined || signal === null) return NO_SIGNAL
      const { aborted, addEventListener, removeEventListener } = signal
      const isSignal =
        typeof signal === 'object' &&
        typeof aborted === 'boolean' &&
        typeof addEventListener === 'function' &&
        typeof removeEventListener === 'function'
      if (!isSignal) return { state: SignalState.INVALID }
      if (aborted) return { state: SignalState.FIRED, signal }
      raiseListenerLimit(signal)
      addEventListener.call(signal, 'abort', onAbort)
      return { state: SignalState.WATCHED, signal, onAbort }
    } catch {
      return { state: SignalState.UNREADABLE }
    }
  }

  /** @param {Watched} watched */
  const unwatchSignal = ({ signal, onAbort }) => {
    if (signal === undefined || onAbort === undefined) return
    try {
      signal.removeEventListener('abort', onAbort)
    } catch {
      // The call is over, and its promise has to be settled.
    }
  }

  /**
   * @param {number} number
   * @param {Call} call
   */
  const end = (number, { watched }) => {
    calls.delete(number)
    unwatchSignal(watched)
    if (calls.size === 0) idle()
  }

  /** @param {number} number */
  const abort = (number) => {
    const aborted = calls.get(number)
    if (aborted === undefined) return
    const error = cancel(aborted.handle)
    // Nothing if a create is just handing over its instance.
    if (typeof error !== 'string') return
    end(number, aborted)
    aborted.reject(makeError(parse(error), aborted.site, reasonsOf(aborted.watched)))
  }

  /**
   * Makes a promise of what `launch` begins. `launch` returns what the call is cancelled by, or a text: the error, if nothing
   * has begun.
   *
   * @param {Site} site
   * @param {unknown} options
   * @param {(number: number, state: number) => CancelHandle | string | undefined} launch
   */
  const makePromise = (site, options, launch) =>
    new Promise((resolve, reject) => {
      const number = (latest += 1)
      const watched = watchSignal(options, () => abort(number))
      try {
        const handle = launch(number, watched.state)
        if (typeof handle !== 'string') {
          calls.set(number, { resolve, reject, site, watched, handle })
          return
        }
        const error = parse(handle)
        reject(makeError(error, site, error.code === 'ABORTED' ? reasonsOf(watched) : []))
      } catch (error) {
        reject(error)
      }
      unwatchSignal(watched)
    })

  /**
   * @param {Function} method
   * @param {number} operation
   * @param {ConfiguredProvider} provider
   * @param {string[]} names
   * @param {unknown} instanceId
   * @param {unknown} options
   */
  const call = (method, operation, provider, names, instanceId, options) =>
    makePromise(captureSite(method), options, (number, state) => {
      const id = typeof instanceId === 'string' ? toWhole(instanceId) : ''
      return start(provider, operation, number, state, id, readObject(options, names))
    })

  /**
   * @param {number} number
   * @param {number} kind
   * @param {unknown} value
   */
  const settle = (number, kind, value) => {
    const settled = calls.get(number)
    // It was aborted: its caller knows.
    if (settled === undefined) return
    end(number, settled)
    if (kind === ReplyKind.FAILURE) settled.reject(makeError(/** @type {ErrorProperties} */ (value), settled.site))
    else settled.resolve(kind === ReplyKind.VALUE ? value : undefined)
  }

  /**
   * Settles the calls that have ended: number, kind and value of each in turn.
   *
   * @param {string} text
   */
  const settleAll = (text) => {
    const replies = parse(text)
    for (let index = 0; index < replies.length; index += 3) {
      settle(replies[index], replies[index + 1], replies[index + 2])
    }
  }

  /** @param {string} provider */
  const fieldsOf = (provider) => {
    const names = fields[provider]
    if (names === undefined) throw new Error(`The addon declares no fields of ${provider}.`)
    return names
  }

  /**
   * Returns the fields of a provider's configuration, as text.
   *
   * @param {string} name
   * @param {unknown} config
   */
  const readConfig = (name, config) => readObject(config, fieldsOf(name).configure)

  /**
   * Makes a provider: a plain object whose methods work when detached.
   *
   * @param {ConfiguredProvider} provider
   * @param {string} name
   */
  const makeProvider = (provider, name) => {
    const names = fieldsOf(name)
    /** @param {unknown} [options] */
    const create = (options) => call(create, Method.create, provider, names.create, '', options)
    /**
     * @param {unknown} instanceId
     * @param {unknown} [options]
     */
    const getById = (instanceId, options) =>
      call(getById, Method.getById, provider, names.getById, instanceId, options)
    /** @param {unknown} [options] */
    const list = (options) => call(list, Method.list, provider, names.list, '', options)
    /**
     * @param {unknown} instanceId
     * @param {unknown} [options]
     */
    const destroy = (instanceId, options) =>
      call(destroy, Method.destroy, provider, names.destroy, instanceId, options)
    return { name, create, getById, list, destroy }
  }

  return { makeProvider, readConfig, readVariable, makeErrorHere, isGatewayError, settleAll, makePromise }
}

module.exports = { makeBridge }
