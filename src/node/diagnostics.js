// @ts-check
// Publishes what calls do on the channels of `node:diagnostics_channel`. Most calls have no subscriber: then all of it costs a few
// flags a call.
'use strict'

/**
 * @typedef {import('node:diagnostics_channel').Channel} Channel
 * @typedef {import('./binding').CallEvents} CallEvents
 *
 * @typedef {Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', Channel>} TracingChannels
 *
 * @typedef {object} TracedCall a call with subscribers
 * @property {string} callId
 * @property {Record<string, unknown>} context what is known of it
 * @property {Record<string, unknown>} view the context as its subscribers see it: it asks for what they read
 * @property {TracingChannels} channels
 * @property {(() => Record<string, unknown>) | undefined} ask returns the fields in `ASKED`, until the context holds them
 */

/** The channels. The first four are those of `tracingChannel`. */
const CHANNELS = Object.freeze({
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

const { assign } = Object
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

/**
 * Asks for what the context of a call lacks.
 *
 * @param {TracedCall} call
 */
const complete = (call) => {
  const { ask } = call
  if (ask === undefined) return
  call.ask = undefined
  assign(call.context, ask())
}

/** Lets a context look as if it held the fields in `ASKED`. */
class View {
  /** @param {TracedCall} call */
  constructor(call) {
    this.call = call
  }

  /**
   * @param {Record<PropertyKey, unknown>} context
   * @param {PropertyKey} key
   */
  get(context, key) {
    const value = context[key]
    if (value !== undefined || !ASKED[key]) return value
    complete(this.call)
    return context[key]
  }

  /**
   * @param {Record<PropertyKey, unknown>} context
   * @param {PropertyKey} key
   */
  has(context, key) {
    if (ASKED[key]) complete(this.call)
    return has(context, key)
  }

  /**
   * @param {Record<PropertyKey, unknown>} context
   * @param {PropertyKey} key
   */
  getOwnPropertyDescriptor(context, key) {
    if (ASKED[key]) complete(this.call)
    return getOwnPropertyDescriptor(context, key)
  }

  /** @param {Record<PropertyKey, unknown>} context */
  ownKeys(context) {
    complete(this.call)
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
      const callId = `${prefix}-${(latest += 1)}`
      const context = { provider, operation, callId }
      const channels = /** @type {TracingChannels} */ (calls[operation])
      /** @type {TracedCall} */
      const call = { callId, context, view: context, channels, ask: undefined }
      call.view = new Proxy(context, new View(call))
      return call
    },

    /**
     * Publishes that a call has begun.
     *
     * @param {TracedCall} call
     */
    begin({ view, channels: { start, end } }) {
      try {
        // With the stores that are bound to the channel, as `tracePromise` does it.
        start.runStores(view, () => publish(end, view))
      } catch {
        // The subscriber's fault.
      }
    },

    /**
     * Publishes that a call has ended. Its promise settles right after.
     *
     * @param {TracedCall} call
     * @param {Record<string, unknown>} known what is known of it now
     */
    end({ context, view, channels: { asyncStart, asyncEnd, error } }, known) {
      assign(context, known)
      if ('error' in known) {
        // Nothing was made that the caller holds.
        delete context['outcome']
        publish(error, view)
      } else if (context['name'] !== undefined) context['resourceName'] = context['name']
      publish(asyncStart, view)
      publish(asyncEnd, view)
    },

    /**
     * Returns what the value of a call says of its instance.
     *
     * @param {any} value
     * @returns {Record<string, unknown>}
     */
    sumUp(value) {
      const { instanceId, instance } = value ?? {}
      return typeof instanceId === 'string' ? { instanceId, status: instance.status } : {}
    },

    /**
     * Publishes the events of a call, and adds what they sum up to to its context if it has not ended.
     *
     * @param {CallEvents} batch
     * @param {TracedCall} [call]
     */
    publishEvents(batch, call) {
      const context = call?.context
      if (call !== undefined) {
        call.ask = undefined
        assign(call.context, batch[1])
      }
      const identity = batch[0] ?? context
      if (identity === undefined) return
      const { provider, operation, callId } = /** @type {any} */ (identity)
      const requests = []
      let outcome = 'created'
      for (let at = FIRST_EVENT; at < batch.length; ) {
        const kind = /** @type {string} */ (batch[at])
        if (kind === 'request') {
          requests[requests.length] = readRequest({}, batch, at + 1)
          if (request.hasSubscribers) publish(request, readRequest({ provider, operation, callId }, batch, at + 1))
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
const FIRST_EVENT = 2

/** How many values tell of a request. */
const REQUEST_VALUES = 10

/**
 * Adds to an event what a batch tells of a request. A value that is not known is left out.
 *
 * @param {Record<string, unknown>} event
 * @param {any} batch
 * @param {number} at
 */
const readRequest = (event, batch, at) => {
  event['method'] = batch[at]
  event['urlTemplate'] = batch[at + 1]
  if (batch[at + 2] !== null) event['operationName'] = batch[at + 2]
  if (batch[at + 3] !== null) event['statusCode'] = batch[at + 3]
  // In thousandths of a millisecond.
  event['startTime'] = batch[at + 4] / 1000
  event['duration'] = batch[at + 5] / 1000
  event['resendCount'] = batch[at + 6]
  if (batch[at + 7] !== null) event['requestId'] = batch[at + 7]
  if (batch[at + 8] !== null) event['errorCode'] = batch[at + 8]
  event['rateLimitWait'] = batch[at + 9] / 1000
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
