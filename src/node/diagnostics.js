// @ts-check
// Publishes what calls do on the channels of `node:diagnostics_channel`. Most calls have no subscriber: then all of it costs a few
// flags a call.
'use strict'

/**
 * @typedef {import('node:diagnostics_channel').Channel} Channel
 * @typedef {import('./binding').CallEvents} CallEvents
 * @typedef {import('./binding').ErrorProperties} ErrorProperties
 * @typedef {import('./binding').CallTarget} CallTarget
 * @typedef {import('./binding').KnownCall} KnownCall
 *
 * @typedef {Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', Channel>} TracingChannels
 */

const { assign, freeze } = Object

/** The channels. The first four are those of `tracingChannel`. */
const CHANNELS = freeze({
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

const { getOwnPropertyDescriptor, has, ownKeys } = Reflect

/**
 * The fields that cost a check of the call. The worker checks each call, so these are asked for only if a subscriber reads one
 * before the call ends.
 *
 * @type {Record<PropertyKey, true | undefined>}
 */
const ASKED = assign(Object.create(null), {
  location: true,
  region: true,
  image: true,
  name: true,
  instanceId: true,
  serverAddress: true,
  serverPort: true,
})

/** A call with subscribers. They see its context through a proxy, of which it is the handler: it asks for what they read. */
class TracedCall {
  /**
   * @param {string} provider
   * @param {string} operation
   * @param {string} callId
   * @param {TracingChannels} channels
   */
  constructor(provider, operation, callId, channels) {
    /** @type {Record<PropertyKey, unknown>} what is known of it */
    this.context = { provider, operation, callId }
    this.channels = channels
    this.slot = -1
    /** @type {unknown} what crosses to the addon when it is asked before the call has crossed */
    this.submission = undefined
    /** @type {((call: TracedCall) => KnownCall) | undefined} returns what is known of it, until the context holds that */
    this.ask = undefined
    /** @type {Record<PropertyKey, unknown>} the context as its subscribers see it */
    this.view = new Proxy(this.context, this)
  }

  /** Asks for what the context lacks. */
  complete() {
    const { ask } = this
    if (ask === undefined) return
    const [target, name, instanceId] = ask(this)
    this.describe(target, name, instanceId)
  }

  /**
   * Adds what is known of it.
   *
   * @param {CallTarget | null | undefined} target
   * @param {unknown} name
   * @param {unknown} instanceId
   */
  describe(target, name, instanceId) {
    const { context } = this
    this.ask = undefined
    assign(context, target)
    if (name !== null) context['name'] = name
    if (instanceId !== null) context['instanceId'] = instanceId
  }

  /**
   * @param {Record<PropertyKey, unknown>} context
   * @param {PropertyKey} key
   */
  get(context, key) {
    const value = context[key]
    if (value !== undefined || !ASKED[key]) return value
    this.complete()
    return context[key]
  }

  /**
   * @param {Record<PropertyKey, unknown>} context
   * @param {PropertyKey} key
   */
  has(context, key) {
    if (ASKED[key]) this.complete()
    return has(context, key)
  }

  /**
   * @param {Record<PropertyKey, unknown>} context
   * @param {PropertyKey} key
   */
  getOwnPropertyDescriptor(context, key) {
    if (ASKED[key]) this.complete()
    return getOwnPropertyDescriptor(context, key)
  }

  /** @param {Record<PropertyKey, unknown>} context */
  ownKeys(context) {
    this.complete()
    return ownKeys(context)
  }
}

/**
 * Publishes a message. What a subscriber throws touches no call: Node reports it as uncaught, another runtime lets it through.
 *
 * @param {Channel} channel
 * @param {unknown} message
 */
const publish = (channel, message) => {
  try {
    channel.publish(message)
  } catch {
    // The subscriber's fault.
  }
}

/**
 * Publishes that a call has begun, within the stores that are bound to its channel.
 *
 * @this {TracedCall}
 */
function publishBegun() {
  publish(this.channels.end, this.view)
}

/**
 * Makes the functions that publish.
 *
 * @param {Pick<typeof import('node:diagnostics_channel'), 'channel'>} module
 */
const makeDiagnostics = ({ channel }) => {
  /**
   * @param {string} name
   * @returns {TracingChannels}
   */
  const tracing = (name) => ({
    start: channel(`tracing:${name}:start`),
    end: channel(`tracing:${name}:end`),
    asyncStart: channel(`tracing:${name}:asyncStart`),
    asyncEnd: channel(`tracing:${name}:asyncEnd`),
    error: channel(`tracing:${name}:error`),
  })

  /** @type {Record<string, TracingChannels>} by operation */
  const calls = {
    create: tracing(CHANNELS.create),
    getById: tracing(CHANNELS.getById),
    list: tracing(CHANNELS.list),
    destroy: tracing(CHANNELS.destroy),
  }

  const request = channel(CHANNELS.request)
  const retry = channel(CHANNELS.retry)
  const reconcile = channel(CHANNELS.reconcile)
  const rateLimit = channel(CHANNELS.rateLimit)
  const cleanup = channel(CHANNELS.cleanup)

  /** @type {Record<string, Channel>} by the name that the addon gives an event */
  const events = { request, retry, reconcile, 'rate-limit': rateLimit, cleanup }

  /** Tells the processes, and the environments of one, apart. */
  const prefix = Math.random().toString(36).slice(2, 10)
  let latest = 0

  /** @type {CallTarget[]} the targets of calls, by the numbers under which the addon has told them last */
  const targets = []

  /**
   * Keeps a target. Contexts share it, so it is frozen.
   *
   * @param {number} number
   * @param {CallTarget} target
   */
  const remember = (number, target) => {
    freeze(target.location)
    targets[number] = target
    return target
  }

  return {
    /**
     * Returns whether the calls of an operation have subscribers. `TracingChannel.hasSubscribers` is missing in Bun, and before
     * Node 20.13, so its parts are asked.
     *
     * @param {string} operation
     */
    watches(operation) {
      const { start, end, asyncStart, asyncEnd, error } = /** @type {TracingChannels} */ (calls[operation])
      return (
        start.hasSubscribers ||
        end.hasSubscribers ||
        asyncStart.hasSubscribers ||
        asyncEnd.hasSubscribers ||
        error.hasSubscribers ||
        request.hasSubscribers ||
        retry.hasSubscribers ||
        reconcile.hasSubscribers ||
        rateLimit.hasSubscribers ||
        cleanup.hasSubscribers
      )
    },

    /**
     * Makes a call that is traced.
     *
     * @param {string} provider
     * @param {string} operation
     * @returns {TracedCall}
     */
    trace(provider, operation) {
      const channels = /** @type {TracingChannels} */ (calls[operation])
      return new TracedCall(provider, operation, `${prefix}-${(latest += 1)}`, channels)
    },

    /**
     * Publishes that a call has begun.
     *
     * @param {TracedCall} call
     */
    begin(call) {
      try {
        // As `tracePromise` does it.
        call.channels.start.runStores(call.view, publishBegun, call)
      } catch {
        // The subscriber's fault.
      }
    },

    /**
     * Publishes that a call has ended. Its promise settles right after.
     *
     * @param {TracedCall} call
     * @param {any} value what it resolves with
     */
    end({ context, view, channels: { asyncStart, asyncEnd } }, value) {
      const { instanceId, instance } = value ?? {}
      if (typeof instanceId === 'string') {
        context['instanceId'] = instanceId
        context['status'] = instance.status
      }
      if (context['name'] !== undefined) context['resourceName'] = context['name']
      publish(asyncStart, view)
      publish(asyncEnd, view)
    },

    /**
     * Publishes that a call has failed. Its promise settles right after.
     *
     * @param {TracedCall} call
     * @param {unknown} thrown its error
     * @param {ErrorProperties} failure the same as the addon describes it
     */
    fail({ context, view, channels: { asyncStart, asyncEnd, error } }, thrown, { instanceId, resourceName }) {
      context['error'] = thrown
      if (instanceId !== undefined) context['instanceId'] = instanceId
      if (resourceName !== undefined) context['resourceName'] = resourceName
      // Nothing was made that the caller holds.
      delete context['outcome']
      publish(error, view)
      publish(asyncStart, view)
      publish(asyncEnd, view)
    },

    /**
     * Publishes the events of a call, and adds what they sum up to to its context if it has not ended.
     *
     * @param {CallEvents} batch
     * @param {TracedCall} [call]
     */
    publishEvents(batch, call) {
      const context = call?.context
      const target = batch[2] === null ? targets[batch[1]] : remember(batch[1], batch[2])
      if (call !== undefined) call.describe(target, batch[3], batch[4])
      const identity = batch[0] ?? context
      if (identity === undefined) return
      const { provider, operation, callId } = /** @type {any} */ (identity)
      const requests = []
      let outcome = 'created'
      for (let at = FIRST_EVENT; at < batch.length; ) {
        const kind = /** @type {string} */ (batch[at])
        if (kind === 'request') {
          requests[requests.length] = readRequest(batch, at + 1)
          if (request.hasSubscribers) publish(request, { provider, operation, callId, ...readRequest(batch, at + 1) })
          at += 1 + REQUEST_VALUES
          continue
        }
        const fields = /** @type {Record<string, unknown>} */ (batch[at + 1])
        if (kind === 'reconcile') outcome = outcomeAfter(outcome, fields['step'])
        const target = events[kind]
        if (target !== undefined && target.hasSubscribers) publish(target, { provider, operation, callId, ...fields })
        at += 2
      }
      if (context === undefined) return
      context['attempts'] = requests.length
      context['requests'] = requests
      if (operation === 'create') context['outcome'] = outcome
    },
  }
}

/** Where the events begin in a batch (src/node/diagnostics.rs). */
const FIRST_EVENT = 5

/** How many values tell of a request. */
const REQUEST_VALUES = 10

/**
 * Reads what a batch tells of a request. A value that is not known is left out.
 *
 * @param {any} batch
 * @param {number} at
 */
const readRequest = (batch, at) => {
  /** @type {Record<string, unknown>} */
  const event = {
    method: batch[at],
    urlTemplate: batch[at + 1],
    // In thousandths of a millisecond.
    startTime: batch[at + 4] / 1000,
    duration: batch[at + 5] / 1000,
    resendCount: batch[at + 6],
    rateLimitWait: batch[at + 9] / 1000,
  }
  if (batch[at + 2] !== null) event['operationName'] = batch[at + 2]
  if (batch[at + 3] !== null) event['statusCode'] = batch[at + 3]
  if (batch[at + 7] !== null) event['requestId'] = batch[at + 7]
  if (batch[at + 8] !== null) event['errorCode'] = batch[at + 8]
  return event
}

/**
 * Returns the outcome of a create after a step of its reconciliation.
 *
 * @param {string} outcome
 * @param {unknown} step
 */
const outcomeAfter = (outcome, step) => {
  if (step === 'adopted') return 'adopted'
  return step === 'resent' && outcome === 'created' ? 'resent' : outcome
}

module.exports = { CHANNELS, makeDiagnostics }
