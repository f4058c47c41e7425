// @ts-check
// The part of the bridge that is JavaScript's own: it reads the caller's objects, holds the promises, listens to signals and
// makes the errors. Through Node-API each of these costs a multiple of it (docs/contributing/performance.md). The calls of a
// tick cross to the addon together, as one JSON text, and so do their replies.
'use strict'

/**
 * @typedef {import('./binding').Native} Native
 * @typedef {import('./binding').Constants} Constants
 * @typedef {import('./binding').Diagnostics} Diagnostics
 * @typedef {ReturnType<Diagnostics['trace']>} TracedCall
 * @typedef {import('./binding').ConfiguredProvider} ConfiguredProvider
 * @typedef {import('./binding').ErrorProperties} ErrorProperties
 *
 * @typedef {object} Site where an error is made
 * @property {unknown} [stack]
 *
 * @typedef {object} Watched what is known of a call's signal
 * @property {number} state
 * @property {AbortSignal} [signal]
 * @property {() => void} [onAbort]
 * @property {AbortSignal['removeEventListener']} [removeEventListener]
 * @property {number} slot that of the call, once the addon has it
 *
 * @typedef {object} Call a call under way
 * @property {(value: unknown) => void} resolve
 * @property {Watched} watched
 * @property {TracedCall | undefined} traced
 *
 * @typedef {object} Submission what crosses to the addon of a call
 * @property {ConfiguredProvider} provider
 * @property {number} method
 * @property {number} slot
 * @property {Watched} watched
 * @property {string} id
 * @property {unknown} options
 * @property {unknown} variables
 * @property {number} room what it holds
 *
 * @typedef {object} Shape what instances of a listing have in common
 * @property {Record<string, unknown>} template
 * @property {unknown[]} ids the names of the fields that hold the id
 * @property {unknown[]} names the names of the fields whose values a row holds
 *
 * @typedef {object} MethodNames what the bridge knows of a method
 * @property {string} provider
 * @property {string} operation
 * @property {readonly string[]} fields those that are read of its options
 * @property {readonly string[]} variables those of the environment that a call may need
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

/** The longest id that crosses to the core. No provider's is as long. */
const ID_LIMIT = 1_024

/** What the calls that wait to be submitted may hold before they cross: see `ROOM`. */
const SUBMIT_ROOM = 16 * 1024 * 1024

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

/**
 * Returns an empty array of which `stringify` calls no `toJSON`, also if other code gives one to all arrays meanwhile.
 *
 * @returns {unknown[]}
 */
const makeList = () => {
  if ('toJSON' in arrayPrototype) return setPrototypeOf([], null)
  const list = /** @type {any} */ ([])
  list.toJSON = undefined
  return list
}

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
 * Encodes an object: the index of each field that is there, followed by its value. A field whose reading throws is encoded as
 * -1 less its index. A missing object is `null`, a value of another type the name of its type.
 *
 * @param {unknown} object
 * @param {readonly string[]} names
 * @param {boolean} takesClasses an instance of a class is read like a plain object
 * @param {Budget} budget
 */
const encodeObject = (object, names, takesClasses, budget) => {
  if (object === undefined || object === null) return null
  const kind = kindOf(object, takesClasses)
  if (kind !== undefined) return kind
  const fields = /** @type {Record<string, unknown>} */ (object)
  const found = makeList()
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
  return found
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
 * Captures where a method is called from: the frames below it, and those of the async functions that await it.
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

/** How a call has ended, for its method: what the method does with it has the frames of those who await the method. */
class Outcome {
  /**
   * @param {unknown} value
   * @param {ErrorProperties | undefined} failure
   * @param {unknown[]} causes
   * @param {TracedCall | undefined} traced
   */
  constructor(value, failure, causes, traced) {
    this.value = value
    this.failure = failure
    this.causes = causes
    this.traced = traced
  }
}

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
const makeBridge = (diagnostics, { submit, submitTraced, launch, describe, cancel, idle }, constants) => {
  const { Method, SignalState, ReplyKind, fields } = /** @type {Constants} */ (parse(constants))

  /** @type {Watched} */
  const NO_SIGNAL = { state: SignalState.NONE, slot: -1 }

  // --- Calls under way. Each has a slot, which a later call takes over. A `Map` that is filled and emptied all the time
  // keeps old entries alive, and with them the values of calls.

  /** @type {(Call | undefined)[]} */
  const calls = []
  /** @type {number[]} the free slots, as a stack */
  const free = []
  let freeCount = 0
  let underway = 0

  /**
   * @param {Call} call
   * @returns {number}
   */
  const addCall = (call) => {
    underway += 1
    if (freeCount === 0) {
      const { length } = calls
      calls[length] = call
      return length
    }
    freeCount -= 1
    const slot = /** @type {number} */ (free[freeCount])
    calls[slot] = call
    return slot
  }

  /** @param {number} slot */
  const removeCall = (slot) => {
    calls[slot] = undefined
    free[freeCount] = slot
    freeCount += 1
    underway -= 1
    if (underway === 0) idle()
  }

  // --- Signals

  /**
   * Begins to listen to `options.signal`.
   *
   * @param {unknown} options
   * @returns {Watched}
   */
  const watchSignal = (options) => {
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
      if (!isSignal) return { state: SignalState.INVALID, slot: -1 }
      if (aborted) return { state: SignalState.FIRED, signal, slot: -1 }
      raiseListenerLimit(signal)
      /** @type {Watched} */
      const watched = {
        state: SignalState.WATCHED,
        signal,
        onAbort: () => {
          // Before the call crosses, its state says it.
          watched.state = SignalState.FIRED
          if (watched.slot >= 0) cancel(watched.slot)
        },
        removeEventListener,
        slot: -1,
      }
      apply(addEventListener, signal, ['abort', watched.onAbort])
      return watched
    } catch {
      return { state: SignalState.UNREADABLE, slot: -1 }
    }
  }

  /** @param {Watched} watched */
  const unwatchSignal = (watched) => {
    const { signal, onAbort, removeEventListener } = watched
    if (removeEventListener === undefined) return
    // A signal that keeps its listener must not cancel the call that has the slot next.
    watched.slot = -1
    try {
      apply(removeEventListener, signal, ['abort', onAbort])
    } catch {
      // The call is over, and its promise has to be settled.
    }
  }

  // --- Submission. The calls of a tick wait for its end and cross together: `heads` has four numbers of each (slot, method,
  // state of its signal, index of its provider), `bodies` four values (id, options, variables, id of the call).

  let heads = /** @type {number[]} */ (makeList())
  /** @type {unknown[]} */
  let bodies = makeList()
  /** @type {ConfiguredProvider[]} */
  let providers = []
  /** @type {Watched[]} those of the waiting calls whose signals may fire before they cross */
  let listening = []
  let waitingRoom = 0

  const submitWaiting = () => {
    const { length } = heads
    if (length === 0) return
    /** @type {number[]} */
    const cancellable = []
    let next = 0
    for (let index = 0; index < length; index += 4) {
      if (heads[index + 2] !== SignalState.WATCHED) continue
      const watched = /** @type {Watched} */ (listening[next])
      next += 1
      heads[index + 2] = watched.state
      if (watched.state !== SignalState.WATCHED) continue
      const slot = /** @type {number} */ (heads[index])
      watched.slot = slot
      cancellable[cancellable.length] = slot
    }
    const text = stringify(heads) + stringify(bodies)
    const submitted = providers
    heads = /** @type {number[]} */ (makeList())
    bodies = makeList()
    providers = []
    listening = []
    waitingRoom = 0
    submit(submitted, text, cancellable)
  }

  const submitSoon = async () => {
    await undefined
    submitWaiting()
  }

  /** Whether calls that were checked already wait for the end of the tick. */
  let launching = false

  const launchSoon = async () => {
    launching = true
    await undefined
    launching = false
    launch()
  }

  /**
   * Has a call wait for the end of the tick.
   *
   * @param {ConfiguredProvider} provider
   * @param {number} method
   * @param {number} slot
   * @param {Watched} watched
   * @param {string} id
   * @param {unknown} options
   * @param {unknown} variables
   * @param {string | null} callId
   * @param {number} room what it holds
   */
  const addWaiting = (provider, method, slot, watched, id, options, variables, callId, room) => {
    const { length } = heads
    if (length === 0) void submitSoon()
    let last = providers.length - 1
    if (last < 0 || providers[last] !== provider) {
      last += 1
      providers[last] = provider
    }
    if (watched.state === SignalState.WATCHED) listening[listening.length] = watched
    heads[length] = slot
    heads[length + 1] = method
    heads[length + 2] = watched.state
    heads[length + 3] = last
    const end = bodies.length
    bodies[end] = id
    bodies[end + 1] = options
    bodies[end + 2] = variables
    bodies[end + 3] = callId
    waitingRoom += room
    if (waitingRoom > SUBMIT_ROOM) submitWaiting()
  }

  /**
   * Returns the id that a caller gave, if it may be one. A text that is no id of any provider stands for one that is too long.
   *
   * @param {unknown} instanceId
   */
  const readId = (instanceId) => {
    if (typeof instanceId !== 'string') return ''
    return instanceId.length > ID_LIMIT || !isWhole(instanceId) ? '\0' : instanceId
  }

  /**
   * Returns the variables of the environment that a call may need, as they are now.
   *
   * @param {readonly string[]} names
   */
  const readVariables = (names) => {
    const values = makeList()
    for (let index = 0; index < names.length; index += 1) {
      const value = readVariable(/** @type {string} */ (names[index]))
      values[index] = isWhole(value) ? value : ''
    }
    return values
  }

  /**
   * Returns what is known of a call that has not settled.
   *
   * @param {TracedCall} traced
   */
  const askAddon = (traced) => {
    const { slot } = traced
    const callId = /** @type {string} */ (traced.context['callId'])
    const submission = /** @type {Submission | undefined} */ (traced.submission)
    if (submission === undefined) {
      // In case that it waits.
      submitWaiting()
      return parse(describe(slot, callId))
    }
    // A subscriber asks while `start` is published: the call is checked at once.
    traced.submission = undefined
    const { provider, method, watched, id, options, variables } = submission
    watched.slot = watched.state === SignalState.WATCHED ? slot : -1
    const body = makeList()
    body[0] = id
    body[1] = options
    body[2] = variables
    body[3] = null
    const text = `[${slot},${method},${watched.state},0]${stringify(body)}`
    const known = parse(submitTraced([provider], text, callId))
    if (!launching) void launchSoon()
    return known
  }

  /**
   * Begins a call with subscribers.
   *
   * @param {Call} call
   * @param {MethodNames} names
   * @param {Submission} submission
   */
  const beginTraced = (call, { provider: title, operation }, submission) => {
    const traced = diagnostics.trace(title, operation)
    call.traced = traced
    const { provider, method, slot, watched, id, options, variables, room } = submission
    traced.slot = slot
    traced.submission = submission
    traced.ask = askAddon
    diagnostics.begin(traced)
    const isChecked = traced.submission === undefined
    traced.submission = undefined
    if (isChecked) return
    const callId = /** @type {string} */ (traced.context['callId'])
    addWaiting(provider, method, slot, watched, id, options, variables, callId, room)
  }

  /**
   * Begins a call. The promise resolves with its value, or with its failure.
   *
   * @param {number} method
   * @param {ConfiguredProvider} provider
   * @param {MethodNames} names
   * @param {unknown} instanceId
   * @param {unknown} options
   * @returns {Promise<unknown>}
   */
  const begin = (method, provider, names, instanceId, options) =>
    new OwnPromise((resolve) => {
      const watched = watchSignal(options)
      const budget = { room: ROOM }
      const encoded = encodeObject(options, names.fields, false, budget)
      const id = readId(instanceId)
      const variables = readVariables(names.variables)
      /** @type {Call} */
      const call = { resolve, watched, traced: undefined }
      const slot = addCall(call)
      const room = ROOM - budget.room
      if (diagnostics.watches(names.operation)) {
        beginTraced(call, names, { provider, method, slot, watched, id, options: encoded, variables, room })
      } else addWaiting(provider, method, slot, watched, id, encoded, variables, null, room)
    })

  /**
   * Returns the value of a call, or throws its error. Its subscribers get the event before.
   *
   * @param {unknown} settled
   * @param {Function} method the method that was called
   */
  const finish = (settled, method) => {
    if (!(settled instanceof Outcome)) return settled
    const { value, failure, causes, traced } = settled
    if (failure === undefined) {
      if (traced !== undefined) diagnostics.end(traced, value)
      return value
    }
    let error
    try {
      error = makeError(failure, captureSite(method), causes)
    } catch (thrown) {
      error = thrown
    }
    if (traced !== undefined) diagnostics.fail(traced, error, failure)
    throw error
  }

  /**
   * Makes a promise of what `launch` begins under a slot. The test hooks call it.
   *
   * @param {(slot: number) => void} launch
   */
  const makePromise = async (launch) =>
    finish(
      await new OwnPromise((resolve) => launch(addCall({ resolve, watched: NO_SIGNAL, traced: undefined }))),
      makePromise,
    )

  // --- Replies

  /**
   * Returns what a call resolves with.
   *
   * @param {number} kind
   * @param {unknown} value
   */
  const readResult = (kind, value) => {
    if (kind === ReplyKind.NOTHING) return undefined
    return kind === ReplyKind.INSTANCES ? readInstances(/** @type {unknown[]} */ (value)) : value
  }

  /**
   * @param {number} slot
   * @param {number} kind
   * @param {unknown} value
   */
  const settle = (slot, kind, value) => {
    if (kind === ReplyKind.EVENTS) {
      // Those of a call that has settled have no slot.
      diagnostics.publishEvents(/** @type {import('./binding').CallEvents} */ (value), calls[slot]?.traced)
      return
    }
    const call = /** @type {Call} */ (calls[slot])
    removeCall(slot)
    unwatchSignal(call.watched)
    const { resolve, watched, traced } = call
    // Its slot is free for another call.
    if (traced !== undefined) traced.ask = undefined
    if (kind === ReplyKind.FAILURE) {
      const failure = /** @type {ErrorProperties} */ (value)
      resolve(new Outcome(undefined, failure, failure.code === 'ABORTED' ? reasonsOf(watched) : NOTHING, traced))
      return
    }
    const result = readResult(kind, value)
    resolve(traced === undefined ? result : new Outcome(result, undefined, NOTHING, traced))
  }

  /**
   * Settles the calls that have ended: slot, kind and value of each in turn.
   *
   * @param {string} text
   */
  const settleAll = (text) => {
    const replies = parse(text)
    for (let index = 0; index < replies.length; index += 3) {
      settle(replies[index], replies[index + 1], replies[index + 2])
    }
  }

  // --- Providers

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
  const readConfig = (name, config) =>
    stringify(encodeObject(config, fieldsOf(name).configure, true, { room: ROOM }))

  /**
   * Makes a provider: a plain object whose methods work when detached.
   *
   * @param {ConfiguredProvider} configured
   * @param {string} name
   * @param {string} variables by method, the names of those that a call may need, as JSON
   */
  const makeProvider = (configured, name, variables) => {
    const fields = fieldsOf(name)
    const byMethod = parse(variables)
    /**
     * @param {'create' | 'getById' | 'list' | 'destroy'} operation
     * @returns {MethodNames}
     */
    const namesOf = (operation) => ({ provider: name, operation, fields: fields[operation], variables: byMethod[Method[operation]] })
    const names = {
      create: namesOf('create'),
      getById: namesOf('getById'),
      list: namesOf('list'),
      destroy: namesOf('destroy'),
    }
    // Async, so that V8 can tell who awaits them.
    /** @param {unknown} [options] */
    const create = async (options) => finish(await begin(Method.create, configured, names.create, '', options), create)
    /**
     * @param {unknown} instanceId
     * @param {unknown} [options]
     */
    const getById = async (instanceId, options) =>
      finish(await begin(Method.getById, configured, names.getById, instanceId, options), getById)
    /** @param {unknown} [options] */
    const list = async (options) => finish(await begin(Method.list, configured, names.list, '', options), list)
    /**
     * @param {unknown} instanceId
     * @param {unknown} [options]
     */
    const destroy = async (instanceId, options) =>
      finish(await begin(Method.destroy, configured, names.destroy, instanceId, options), destroy)
    return { name, create, getById, list, destroy }
  }

  return { makeProvider, readConfig, readVariable, makeErrorHere, isGatewayError, settleAll, makePromise }
}

module.exports = { makeBridge }
