// The part of the border that is JavaScript's own: it reads the caller's objects, holds the promises, listens to
// signals and makes the errors. Each of these through Node-API costs a multiple of it (docs/performance.md), and a call
// crosses to the addon once: as one JSON text in each direction.
//
// The addon runs this once in every environment (main thread, worker) and hands in its own functions. What it calls
// `names` are the fields that calls of a kind have asked for: they are learned, so that no list of them has to be kept.
// oxlint-disable-next-line no-unused-expressions -- its value is what the addon gets
(start, cancel, idle) => {
  'use strict'

  // Kept from the first moment on: who replaces them later is not handed anybody's keys.
  const { isArray } = Array
  const { captureStackTrace } = Error
  const { isFinite } = Number
  const { assign, defineProperty, hasOwn, keys } = Object
  const { parse, stringify } = JSON
  const { isWellFormed, toWellFormed } = String.prototype

  /** How deep a value is read. Nothing that is asked for is deeper: `registryCredentials.password`, `envs.NAME`. */
  const DEPTH = 2

  /** What is known of a call's signal before anything is sent; the addon knows them by these numbers. */
  const Signal = { NONE: 0, WATCHED: 1, FIRED: 2, WRONG: 3, UNREADABLE: 4 }

  /** What becomes of a call. */
  const Outcome = { VALUE: 0, FAILURE: 1, NOTHING: 2 }

  /** By provider: the names for its configuration and for each of its methods. */
  const learned = new Map()

  /** Calls under way, by number. */
  const calls = new Map()
  let latest = 0

  // --- What the caller has passed -----------------------------------------------------------------------------------

  /** A text that JSON can carry: half of a surrogate pair is no character. */
  const whole = (text) => (isWellFormed === undefined || isWellFormed.call(text) ? text : toWellFormed.call(text))

  /** A value as the addon reads it: what JSON has is itself, all else an object with one key. */
  const encode = (value, depth) => {
    switch (typeof value) {
      case 'undefined':
        return null
      case 'boolean':
        return value
      case 'number':
        return isFinite(value) ? value : { nan: true }
      case 'string':
        return whole(value)
      case 'object':
        return value === null ? null : encodeObject(value, depth)
      default:
        return { other: `a ${typeof value}` }
    }
  }

  const encodeObject = (value, depth) => {
    if (depth === 0) return { other: 'an object' }
    if (isArray(value)) {
      const list = []
      for (let index = 0; index < value.length; index += 1) list.push(encode(value[index], depth - 1))
      return { list }
    }
    // It has no own entries, and would be taken for an empty object.
    if ('entries' in value && !hasOwn(value, 'entries')) return { other: 'a Map or the like' }
    const map = []
    for (const key of keys(value)) map.push(whole(key), encode(value[key], depth - 1))
    return { map }
  }

  /**
   * The fields of an object by the places of their names, after the number of names. A field whose reading throws is
   * told by its place less the number of names. What is no object is told by its kind, a missing one by nothing.
   */
  const read = (object, names) => {
    if (object === undefined || object === null) return ''
    if (!isObject(object)) return stringify(kind(object))
    const fields = [names.length]
    for (let place = 0; place < names.length; place += 1) {
      try {
        const value = object[names[place]]
        if (value !== undefined && value !== null) fields.push(place, encode(value, DEPTH))
      } catch {
        fields.push(place - names.length)
      }
    }
    return stringify(fields)
  }

  const isObject = (value) => {
    try {
      return typeof value === 'object' && !isArray(value)
    } catch {
      // A proxy that was revoked: an object, whose fields cannot be read.
      return true
    }
  }

  const kind = (value) => {
    if (typeof value === 'object') return 'an array'
    return typeof value === 'symbol' || typeof value === 'bigint' ? 'a value of that kind' : `a ${typeof value}`
  }

  // --- Errors -------------------------------------------------------------------------------------------------------

  /** Where a call came from. An error that is made when the answer comes has no frames of the caller's in its stack. */
  const siteOf = (method) => {
    const site = {}
    captureStackTrace?.(site, method)
    return site
  }

  const framesOf = (site) => {
    try {
      const { stack } = site
      const start = stack.indexOf('\n    at ')
      return start < 0 ? '' : stack.slice(start)
    } catch {
      // A formatter of the caller's that throws, or makes no text.
      return ''
    }
  }

  const hide = (error, name, value) => {
    defineProperty(error, name, { value, writable: true, enumerable: false, configurable: true })
  }

  /** The error that the addon describes. `causes` holds its cause, if it has one. */
  const failure = ({ message, ...details }, site, causes = []) => {
    const error = new Error(message)
    hide(error, 'name', 'GatewayError')
    hide(error, 'stack', `GatewayError: ${message}${framesOf(site)}`)
    for (const cause of causes) hide(error, 'cause', cause)
    return assign(error, details)
  }

  const isFailure = (error) => {
    try {
      return error.name === 'GatewayError' && typeof error.code === 'string'
    } catch {
      return false
    }
  }

  // --- Signals ------------------------------------------------------------------------------------------------------

  const UNWATCHED = { state: Signal.NONE }

  /** Begins to listen to `options.signal`. */
  const watch = (options, onAbort) => {
    if (options === undefined || options === null || !isObject(options)) return UNWATCHED
    try {
      const { signal } = options
      if (signal === undefined || signal === null) return UNWATCHED
      const { aborted, addEventListener, removeEventListener } = signal
      const looksRight =
        typeof signal === 'object' &&
        typeof aborted === 'boolean' &&
        typeof addEventListener === 'function' &&
        typeof removeEventListener === 'function'
      if (!looksRight) return { state: Signal.WRONG }
      if (aborted) return { state: Signal.FIRED, signal }
      raiseListenerLimit(signal)
      addEventListener.call(signal, 'abort', onAbort)
      return { state: Signal.WATCHED, signal, onAbort }
    } catch {
      return { state: Signal.UNREADABLE }
    }
  }

  const unwatch = ({ state, signal, onAbort }) => {
    if (state !== Signal.WATCHED) return
    try {
      signal.removeEventListener('abort', onAbort)
    } catch {
      // The call is over, and its promise has to be settled.
    }
  }

  const reasonsOf = ({ signal }) => {
    try {
      return [signal.reason]
    } catch {
      return []
    }
  }

  /**
   * Node warns of a leak at the eleventh listener of a signal. Ours are one per call under way and are taken off, so
   * that a signal that many calls share, such as that of a shutdown, is no leak. `fetch` does the same for its own.
   */
  const raiseListenerLimit = (signal) => {
    try {
      // Missing before Node 20.16 and elsewhere: the warning stays there.
      const events = globalThis.process.getBuiltinModule('node:events')
      // A limit that the caller has set stays.
      if (events.getMaxListeners(signal) === events.defaultMaxListeners) events.setMaxListeners(0, signal)
    } catch {
      // It is only a warning.
    }
  }

  // --- Calls --------------------------------------------------------------------------------------------------------

  const end = (number, { watched }) => {
    calls.delete(number)
    unwatch(watched)
    if (calls.size === 0) idle()
  }

  const abort = (number) => {
    const aborted = calls.get(number)
    const refusal = aborted && cancel(aborted.handle)
    // Nothing if a create is just handing over what it has made.
    if (typeof refusal !== 'string') return
    end(number, aborted)
    aborted.reject(failure(parse(refusal), aborted.site, reasonsOf(aborted.watched)))
  }

  /** A promise of what `launch` sets going. It gives what the call is cancelled by, or a text: why nothing has begun. */
  const expect = (site, options, launch) =>
    new Promise((resolve, reject) => {
      const number = (latest += 1)
      const watched = watch(options, () => abort(number))
      try {
        const handle = launch(number, watched.state)
        if (typeof handle !== 'string') {
          calls.set(number, { resolve, reject, site, watched, handle })
          return
        }
        const refusal = parse(handle)
        reject(failure(refusal, site, refusal.code === 'ABORTED' ? reasonsOf(watched) : []))
      } catch (error) {
        reject(error)
      }
      unwatch(watched)
    })

  const call = (method, definition, names, operation, instanceId, options) =>
    expect(siteOf(method), options, (number, signal) => {
      const id = typeof instanceId === 'string' ? whole(instanceId) : ''
      for (;;) {
        const answer = start(definition, operation, number, signal, id, read(options, names[operation]))
        // Names that it did not know yet: it is asked again, with them.
        if (typeof answer !== 'string' || answer[0] !== '[') return answer
        names[operation] = parse(answer)
      }
    })

  const settle = (number, outcome, value) => {
    const settled = calls.get(number)
    // Aborted: its caller knows.
    if (settled === undefined) return
    end(number, settled)
    if (outcome === Outcome.FAILURE) settled.reject(failure(value, settled.site))
    else settled.resolve(outcome === Outcome.VALUE ? value : undefined)
  }

  /** Settles what has ended: number, outcome and value of each call in turn. */
  const drain = (text) => {
    const ended = parse(text)
    for (let place = 0; place < ended.length; place += 3) settle(ended[place], ended[place + 1], ended[place + 2])
  }

  // --- Providers ----------------------------------------------------------------------------------------------------

  const namesOf = (provider) => {
    let names = learned.get(provider)
    if (names === undefined) learned.set(provider, (names = [[], [], [], [], []]))
    return names
  }

  const CONFIGURATION = 4

  const readConfig = (provider, config) => read(config, namesOf(provider)[CONFIGURATION])

  const learn = (provider, names) => {
    namesOf(provider)[CONFIGURATION] = parse(names)
  }

  /** The provider itself: a plain object whose methods work when detached. */
  const provide = (definition, name) => {
    const names = namesOf(name)
    const create = (options) => call(create, definition, names, 0, '', options)
    const getById = (instanceId, options) => call(getById, definition, names, 1, instanceId, options)
    const list = (options) => call(list, definition, names, 2, '', options)
    const destroy = (instanceId, options) => call(destroy, definition, names, 3, instanceId, options)
    return { name, create, getById, list, destroy }
  }

  /** A variable of the environment as it is now; nothing where there is none, or a proxy in its place that throws. */
  const variable = (name) => {
    try {
      const value = globalThis.process.env[name]
      return typeof value === 'string' ? value : ''
    } catch {
      return ''
    }
  }

  const failureHere = (text) => failure(parse(text), siteOf(failureHere))

  return { provide, readConfig, learn, variable, failureHere, isFailure, drain, expect }
}
