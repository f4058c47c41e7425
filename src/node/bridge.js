// @ts-check
// The part of the bridge that is JavaScript's own: it reads the caller's objects, holds the promises, listens to signals and
// makes the errors. Through Node-API each of these costs a multiple of it (docs/performance.md). A call crosses to the addon
// once, as one JSON text in each direction.
'use strict'

/**
 * @typedef {import('./binding').Native} Native
 * @typedef {import('./binding').Constants} Constants
 * @typedef {import('./binding').CallHandle} CallHandle
 * @typedef {import('./binding').Diagnostics} Diagnostics
 * @typedef {import('./diagnostics.js').TracedCall} TracedCall
 * @typedef {import('./binding').ConfiguredProvider} ConfiguredProvider
 * @typedef {import('./binding').ErrorProperties} ErrorProperties
 *
 * @typedef {object} Site where a call came from
 * @property {unknown} [stack]
 *
 * @typedef {object} Watched what is known of a call's signal
 * @property {number} state
 * @property {AbortSignal} [signal]
 * @property {() => void} [onAbort]
 * @property {AbortSignal['removeEventListener']} [removeEventListener]
 * @property {boolean} [isStarting] the addon checks the call, and reads the environment for it
 *
 * @typedef {object} Call a call under way
 * @property {(value: unknown) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {Site} site
 * @property {Watched} watched
 * @property {CallHandle | undefined} handle
 * @property {TracedCall | undefined} traced
 *
 * @typedef {object} Shape what instances of a listing have in common
 * @property {Record<string, unknown>} template
 * @property {unknown[]} ids the names of the fields that hold the id
 * @property {unknown[]} names the names of the fields whose values a row holds
 *
 * @typedef {object} Budget
 * @property {number} room what the options of one call may still hold, see `ROOM`
 */

// Taken at import: code that replaces them later does not get the keys of callers. For the same reason no method of a value is
// called (`list.push`, `method.call`), nothing is iterated, and no `toJSON` of a prototype is. Only what defines an index of
// `Array.prototype` would see values.
const { isArray, prototype: arrayPrototype } = Array
const OwnError = Error
const { captureStackTrace } = Error
const { isFinite } = Number
const { defineProperty, freeze, getPrototypeOf, hasOwn, keys, prototype: objectPrototype, setPrototypeOf } = Object
const { toString } = objectPrototype
const { parse, stringify } = JSON
const { delete: mapDelete, get: mapGet, set: mapSet } = Map.prototype
const OwnMap = Map
const OwnPromise = Promise
const { apply } = Reflect
const { indexOf, slice } = String.prototype
const { toStringTag } = Symbol
const { isWellFormed } = /** @type {{ isWellFormed?: (this: string) => boolean }} */ (
  /** @type {unknown} */ (String.prototype)
)
/** @type {[]} */
const NOTHING = /** @type {any} */ (freeze([]))

/** How deep a value is read. No option is deeper: `registryCredentials.password`, `envs.NAME`, `daemonConfig.env.NAME`. */
const DEPTH = 2

/** The most entries of a list. */
const LIST_LIMIT = 10_000

/** What an object may hold in all: the characters of its texts, and `ENTRY` for each value. */
const ROOM = 64 * 1024 * 1024

/** What a value costs besides its characters. So an object that holds another many times over is not read without end. */
const ENTRY = 64

/** The longest id that is handed on. No provider's is as long. */
const ID_LIMIT = 1_024

/**
 * What messages call an object that is not plain, by its tag. An object of any other tag is an instance of a class.
 *
 * @type {Record<string, string>}
 */
const KINDS = /** @type {any} */ ({
  __proto__: null,
  '[object Promise]': 'a Promise',
  '[object Date]': 'a Date',
  '[object Map]': 'a Map',
  '[object Set]': 'a Set',
})

// --- The caller's objects -------------------------------------------------------------------------------------------

/** Returns an empty array of which `stringify` calls no `toJSON`. @returns {unknown[]} */
const makeList = () => ('toJSON' in arrayPrototype ? setPrototypeOf([], null) : [])

/** @param {string} kind */
const other = (kind) => ({ toJSON: undefined, other: kind })

/** @param {'LONG' | 'MANY' | 'BROKEN' | 'BROKEN_NAME'} rule one of src/node/decode.rs */
const refused = (rule) => ({ toJSON: undefined, refused: rule })

/**
 * Returns whether a text holds whole characters only. Half of a surrogate pair would become another character on its way, and
 * two texts that differ in it the same.
 *
 * @param {string} text
 */
const isWhole = (text) => isWellFormed === undefined || apply(isWellFormed, text, NOTHING)

/**
 * Returns whether an object is plain: its prototypes are plain too, or the `Object.prototype` of any realm.
 *
 * @param {object} value
 */
const isPlain = (value) => {
  let prototype = getPrototypeOf(value)
  // A proxy can have prototypes without end.
  for (let depth = 0; prototype !== null && prototype !== objectPrototype; depth += 1) {
    const next = getPrototypeOf(prototype)
    if (next === null && hasOwn(prototype, 'hasOwnProperty')) return true
    if (depth === 8 || hasOwn(prototype, 'constructor') || hasOwn(prototype, toStringTag)) {
      // Its prototype looks like that of a class.
      return value === globalThis.process?.env
    }
    prototype = next
  }
  return true
}

/**
 * Returns what messages call an object that is not plain.
 *
 * @param {object} value
 */
const classOf = (value) => KINDS[apply(toString, value, NOTHING)] ?? 'an instance of a class'

/**
 * Encodes a value for src/node/decode.rs: a value that JSON has is itself, any other an object with one key.
 *
 * @param {unknown} value
 * @param {number} depth
 * @param {Budget} budget
 * @returns {unknown}
 */
const encode = (value, depth, budget) => {
  budget.room -= ENTRY
  switch (typeof value) {
    case 'undefined':
      return null
    case 'boolean':
      return value
    case 'number':
      return isFinite(value) ? value : { toJSON: undefined, nan: true }
    case 'string':
      budget.room -= value.length
      if (budget.room < 0) return refused('LONG')
      return isWhole(value) ? value : refused('BROKEN')
    case 'object':
      if (value === null) return null
      if (isArray(value)) return depth === DEPTH ? encodeList(value, budget) : other('an array')
      if (!isPlain(value)) return other(classOf(value))
      return depth === 0 ? other('an object') : encodeMap(/** @type {Record<string, unknown>} */ (value), depth, budget)
    default:
      return other(`a ${typeof value}`)
  }
}

/**
 * @param {unknown[]} value
 * @param {Budget} budget
 */
const encodeList = (value, budget) => {
  // A proxy can have any length.
  const { length } = value
  if (typeof length !== 'number' || length > LIST_LIMIT) return refused('MANY')
  const list = makeList()
  for (let index = 0; index < length; index += 1) list[index] = encode(value[index], 0, budget)
  return { toJSON: undefined, list }
}

/**
 * @param {Record<string, unknown>} value
 * @param {number} depth
 * @param {Budget} budget
 */
const encodeMap = (value, depth, budget) => {
  const names = keys(value)
  const map = makeList()
  for (let index = 0; index < names.length; index += 1) {
    const name = /** @type {string} */ (names[index])
    budget.room -= name.length
    if (budget.room < 0) return refused('LONG')
    if (!isWhole(name)) return refused('BROKEN_NAME')
    map[2 * index] = name
    map[2 * index + 1] = encode(value[name], depth - 1, budget)
  }
  return budget.room < 0 ? refused('LONG') : { toJSON: undefined, map }
}

/**
 * Returns the text of an object: the index of each field that is there, followed by its value. A field whose reading throws is
 * encoded as -1 less its index. A missing object is an empty text, a value of another type the name of its type.
 *
 * @param {unknown} object
 * @param {string[]} names
 * @param {boolean} takesClasses an instance of a class is read like a plain object
 */
const readObject = (object, names, takesClasses) => {
  if (object === undefined || object === null) return ''
  const kind = kindOf(object, takesClasses)
  if (kind !== undefined) return stringify(kind)
  const fields = /** @type {Record<string, unknown>} */ (object)
  const found = makeList()
  const budget = { room: ROOM }
  let count = 0
  for (let index = 0; index < names.length; index += 1) {
    try {
      const value = fields[/** @type {string} */ (names[index])]
      if (value !== undefined && value !== null) {
        const encoded = encode(value, DEPTH, budget)
        found[count] = index
        found[count + 1] = encoded
        count += 2
      }
    } catch {
      found[count] = -1 - index
      count += 1
    }
  }
  return stringify(found)
}

/**
 * Returns what messages call a value that is no object whose fields are read; `undefined` for one that is.
 *
 * @param {unknown} value
 * @param {boolean} takesClasses
 */
const kindOf = (value, takesClasses) => {
  switch (typeof value) {
    case 'object':
      try {
        if (isArray(value)) return 'an array'
        const object = /** @type {object} */ (value)
        if (isPlain(object)) return undefined
        return takesClasses ? KINDS[apply(toString, object, NOTHING)] : classOf(object)
      } catch {
        // A revoked proxy, or one that throws: an object whose fields cannot be read.
        return undefined
      }
    case 'symbol':
    case 'bigint':
      return 'a value of that kind'
    default:
      return `a ${typeof value}`
  }
}

// --- Instances ------------------------------------------------------------------------------------------------------

/**
 * Makes the instances of a listing from their rows (src/model/instance_rows.rs). To copy the object of a shape is much quicker
 * than to parse every object. What is assigned to is there before, also in the array of the rows, which becomes the result: no
 * setter of a prototype sees a value.
 *
 * @param {unknown[]} rows
 */
const readInstances = (rows) => {
  const end = rows.length - 1
  const shapes = readShapes(/** @type {Record<string, unknown>[]} */ (rows[end]))
  let count = 0
  for (let at = 0; at < end; ) {
    const { template, ids, names } = /** @type {Shape} */ (shapes[/** @type {number} */ (rows[at])])
    const instanceId = rows[at + 1]
    const instance = { ...template }
    at += 2
    for (let index = 0; index < ids.length; index += 1) instance[/** @type {string} */ (ids[index])] = instanceId
    for (let index = 0; index < names.length; index += 1) instance[/** @type {string} */ (names[index])] = rows[at + index]
    at += names.length
    rows[count] = { instance, instanceId }
    count += 1
  }
  rows.length = count
  return rows
}

/**
 * Replaces the templates of a listing by its shapes.
 *
 * @param {Record<string, unknown>[]} templates
 */
const readShapes = (templates) => {
  /** @type {Shape[]} */
  const shapes = /** @type {any[]} */ (templates)
  for (let number = 0; number < templates.length; number += 1) {
    const template = /** @type {Record<string, unknown>} */ (templates[number])
    const fields = keys(template)
    const ids = makeList()
    const names = makeList()
    for (let index = 0; index < fields.length; index += 1) {
      const name = /** @type {string} */ (fields[index])
      if (template[name] === 0) ids[ids.length] = name
      else if (template[name] === null) names[names.length] = name
    }
    shapes[number] = { template, ids, names }
  }
  return shapes
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

/** @param {Site} site @returns {string} */
const framesOf = (site) => {
  try {
    const { stack } = site
    if (typeof stack !== 'string') return ''
    const start = apply(indexOf, stack, ['\n    at '])
    return start < 0 ? '' : apply(slice, stack, [start])
  } catch {
    // The caller's own formatter throws.
    return ''
  }
}

/**
 * @param {object} object
 * @param {string} name
 * @param {unknown} value
 * @param {boolean} enumerable
 */
const define = (object, name, value, enumerable) => {
  const descriptor = { __proto__: null, value, writable: true, enumerable, configurable: true }
  defineProperty(object, name, /** @type {PropertyDescriptor} */ (/** @type {unknown} */ (descriptor)))
}

/**
 * Makes the error that the addon describes. `causes` holds its cause, if it has one.
 *
 * @param {ErrorProperties} properties
 * @param {Site} site
 * @param {unknown[]} causes
 */
const makeError = ({ message, ...properties }, site, causes = NOTHING) => {
  const error = new OwnError(message)
  define(error, 'name', 'GatewayError', false)
  const stack = `GatewayError: ${message}${framesOf(site)}`
  // Assigned first: defining it alone would have the caller's formatter make the stack that is replaced, and it may throw.
  error.stack = stack
  define(error, 'stack', stack, false)
  if (causes.length > 0) define(error, 'cause', causes[0], false)
  const names = keys(properties)
  for (let index = 0; index < names.length; index += 1) {
    const name = /** @type {string} */ (names[index])
    define(error, name, properties[name], true)
  }
  return error
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

/** Missing before Node 20.16 and in other runtimes: the warning of `raiseListenerLimit` stays there. */
const events = globalThis.process?.getBuiltinModule?.('node:events')
const { getMaxListeners, setMaxListeners } = events ?? /** @type {typeof import('node:events')} */ ({})

/**
 * Node warns of a leak at the eleventh listener of a signal. We add one per call under way and remove it, so a signal that many
 * calls share, such as that of a shutdown, is no leak. `fetch` raises the limit in the same way.
 *
 * @param {AbortSignal} signal
 */
const raiseListenerLimit = (signal) => {
  if (events === undefined) return
  try {
    // A limit that the caller has set stays.
    if (getMaxListeners(signal) === events.defaultMaxListeners) setMaxListeners(0, signal)
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
 * @param {Diagnostics} diagnostics
 * @param {Native} native
 * @param {string} constants what both sides agree on, as JSON
 */
const makeBridge = (diagnostics, { start, abortStart, cancel, describe, takeEvents, idle }, constants) => {
  const { Method, SignalState, ReplyKind, fields } = /** @type {Constants} */ (parse(constants))

  /**
   * Calls under way, by number.
   *
   * @type {Map<number, Call>}
   */
  const calls = new OwnMap()
  // Its own, so that they stay those of the import.
  define(calls, 'get', mapGet, false)
  define(calls, 'set', mapSet, false)
  define(calls, 'delete', mapDelete, false)
  let underway = 0
  let latest = 0

  /** @type {Watched} */
  const NO_SIGNAL = { state: SignalState.NONE }

  /**
   * Begins to listen to `options.signal`, for the call of this number.
   *
   * @param {unknown} options
   * @param {number} number
   * @returns {Watched}
   */
  const watchSignal = (options, number) => {
    if (options === undefined || options === null || typeof options !== 'object') return NO_SIGNAL
    try {
      const signal = /** @type {{ signal?: AbortSignal | null }} */ (options).signal
      if (signal === undefined || signal === null) return NO_SIGNAL
      // `aborted` last: what fires the signal before the listener is there would be lost.
      const { addEventListener, removeEventListener, aborted } = signal
      const isSignal =
        typeof signal === 'object' &&
        typeof aborted === 'boolean' &&
        typeof addEventListener === 'function' &&
        typeof removeEventListener === 'function'
      if (!isSignal) return { state: SignalState.INVALID }
      if (aborted) return { state: SignalState.FIRED, signal }
      raiseListenerLimit(signal)
      /** @type {Watched} */
      const watched = {
        state: SignalState.WATCHED,
        signal,
        onAbort: () => {
          // The addon notices when it has read the environment.
          if (watched.isStarting) abortStart(number)
          // It counts if the options are still being read.
          else watched.state = SignalState.FIRED
          abort(number)
        },
        removeEventListener,
        isStarting: false,
      }
      apply(addEventListener, signal, ['abort', watched.onAbort])
      return watched
    } catch {
      return { state: SignalState.UNREADABLE }
    }
  }

  /** @param {Watched} watched */
  const unwatchSignal = ({ signal, onAbort, removeEventListener }) => {
    if (removeEventListener === undefined) return
    try {
      apply(removeEventListener, signal, ['abort', onAbort])
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
    underway -= 1
    unwatchSignal(watched)
    if (underway === 0) idle()
  }

  /**
   * Rejects a call. Whatever happens while its error is made is the call's own matter.
   *
   * @param {(error: unknown) => void} reject
   * @param {ErrorProperties} properties
   * @param {Site} site
   * @param {unknown[]} [causes]
   * @param {TracedCall} [traced]
   */
  const fail = (reject, properties, site, causes, traced) => {
    let error
    try {
      error = makeError(properties, site, causes)
    } catch (thrown) {
      error = thrown
    }
    if (traced === undefined) return reject(error)
    const { instanceId, resourceName } = properties
    const known = { error, ...(instanceId !== undefined && { instanceId }), ...(resourceName !== undefined && { resourceName }) }
    diagnostics.end(traced, known, () => reject(error))
  }

  /** @param {number} number */
  const abort = (number) => {
    const aborted = calls.get(number)
    if (aborted === undefined) return
    const error = cancel(aborted.handle)
    // Nothing if a create is just handing over its instance.
    if (typeof error !== 'string') return
    end(number, aborted)
    const { handle, traced } = aborted
    if (traced !== undefined && handle !== undefined) diagnostics.publishEvents(parse(takeEvents(handle)), traced)
    fail(aborted.reject, parse(error), aborted.site, reasonsOf(aborted.watched), traced)
  }

  /**
   * Makes a promise of what `launch` begins. `launch` returns what the call is cancelled by, or a text: the error, if nothing
   * has begun.
   *
   * @param {Site} site
   * @param {unknown} options
   * @param {(number: number, watched: Watched, context?: Record<string, unknown>) => CallHandle | string | undefined} launch
   * @param {Record<string, unknown>} [context] of a call that somebody watches
   */
  const makePromise = (site, options, launch, context) =>
    new OwnPromise((resolve, reject) => {
      const number = (latest += 1)
      const watched = watchSignal(options, number)
      try {
        const handle = launch(number, watched, context)
        const traced = context === undefined ? undefined : diagnostics.trace(context)
        if (typeof handle !== 'string') {
          calls.set(number, { resolve, reject, site, watched, handle, traced })
          underway += 1
          if (traced !== undefined) diagnostics.begin(traced)
          return
        }
        if (traced !== undefined) diagnostics.begin(traced)
        const error = parse(handle)
        fail(reject, error, site, error.code === 'ABORTED' ? reasonsOf(watched) : NOTHING, traced)
      } catch (error) {
        reject(error)
      }
      unwatchSignal(watched)
    })

  /**
   * Returns the id that a caller gave, if it may be one. A text that is no id of any provider stands for one that is too long.
   *
   * @param {unknown} instanceId
   */
  const readId = (instanceId) => {
    if (typeof instanceId !== 'string') return ''
    return instanceId.length > ID_LIMIT ? '\0' : instanceId
  }

  /**
   * @param {Function} method
   * @param {number} operation
   * @param {ConfiguredProvider} provider
   * @param {{ provider: string, operation: string, fields: string[] }} names
   * @param {unknown} instanceId
   * @param {unknown} options
   */
  const call = (method, operation, provider, names, instanceId, options) => {
    /**
     * @param {number} number
     * @param {Watched} watched
     * @param {Record<string, unknown>} [context]
     */
    const launch = (number, watched, context) => {
      const text = readObject(options, names.fields, false)
      const { state } = watched
      const id = readId(instanceId)
      if (state !== SignalState.WATCHED && context === undefined) return start(provider, operation, number, state, id, text)
      watched.isStarting = state === SignalState.WATCHED
      try {
        if (context === undefined) return start(provider, operation, number, state, id, text)
        return startTraced(provider, operation, number, state, id, text, context)
      } finally {
        watched.isStarting = false
      }
    }
    const context = diagnostics.watches(names.operation) ? diagnostics.describe(names.provider, names.operation) : undefined
    return makePromise(captureSite(method), options, launch, context)
  }

  /**
   * Begins a call that somebody watches, and adds what is known of it to its context.
   *
   * @param {ConfiguredProvider} provider
   * @param {number} operation
   * @param {number} number
   * @param {number} state
   * @param {string} id
   * @param {string} text
   * @param {Record<string, unknown>} context
   */
  const startTraced = (provider, operation, number, state, id, text, context) => {
    const handle = start(provider, operation, number, state, id, text, /** @type {string} */ (context['callId']))
    if (typeof handle === 'object') diagnostics.add(context, parse(describe(handle)))
    return handle
  }

  /**
   * @param {number} number
   * @param {number} kind
   * @param {unknown} value
   */
  const settle = (number, kind, value) => {
    const settled = calls.get(number)
    if (kind === ReplyKind.EVENTS) {
      diagnostics.publishEvents(/** @type {import('./binding').CallEvents} */ (value), settled?.traced)
      return
    }
    // It was aborted: its caller knows.
    if (settled === undefined) return
    end(number, settled)
    const { traced, resolve } = settled
    if (kind === ReplyKind.FAILURE) {
      fail(settled.reject, /** @type {ErrorProperties} */ (value), settled.site, NOTHING, traced)
    } else if (kind === ReplyKind.INSTANCES) {
      const instances = readInstances(/** @type {unknown[]} */ (value))
      if (traced === undefined) resolve(instances)
      else diagnostics.end(traced, {}, () => resolve(instances))
    } else if (traced === undefined) resolve(kind === ReplyKind.VALUE ? value : undefined)
    else diagnostics.end(traced, diagnostics.sumUp(value), () => resolve(kind === ReplyKind.VALUE ? value : undefined))
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
    if (names === undefined) throw new OwnError(`The addon declares no fields of ${provider}.`)
    return names
  }

  /**
   * Returns the fields of a provider's configuration, as text.
   *
   * @param {string} name
   * @param {unknown} config
   */
  const readConfig = (name, config) => readObject(config, fieldsOf(name).configure, true)

  /**
   * Makes a provider: a plain object whose methods work when detached.
   *
   * @param {ConfiguredProvider} provider
   * @param {string} name
   */
  const makeProvider = (provider, name) => {
    const fields = fieldsOf(name)
    /** @param {'create' | 'getById' | 'list' | 'destroy'} operation */
    const namesOf = (operation) => ({ provider: name, operation, fields: fields[operation] })
    const names = {
      create: namesOf('create'),
      getById: namesOf('getById'),
      list: namesOf('list'),
      destroy: namesOf('destroy'),
    }
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
