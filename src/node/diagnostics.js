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
 * @property {Record<string, unknown>} context what the subscribers are given
 * @property {TracingChannels} channels
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
     * Makes the context of a call.
     *
     * @param {string} provider
     * @param {string} operation
     * @returns {Record<string, unknown>}
     */
    describe: (provider, operation) => ({ provider, operation, callId: `${prefix}-${(latest += 1)}` }),

    /**
     * Adds what is known of a call to its context.
     *
     * @param {Record<string, unknown>} context
     * @param {Record<string, unknown>} known
     */
    add: (context, known) => void assign(context, known),

    /**
     * Makes a call that is traced.
     *
     * @param {Record<string, unknown>} context
     * @returns {TracedCall}
     */
    trace: (context) => ({
      context,
      channels: /** @type {TracingChannels} */ (calls[/** @type {string} */ (context['operation'])]),
    }),

    /**
     * Publishes that a call has begun.
     *
     * @param {TracedCall} call
     */
    begin({ context, channels: { start, end } }) {
      try {
        // With the stores that are bound to the channel, as `tracePromise` does it.
        start.runStores(context, () => publish(end, context))
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
    end({ context, channels: { asyncStart, asyncEnd, error } }, known) {
      assign(context, known)
      if ('error' in known) {
        // Nothing was made that the caller holds.
        delete context['outcome']
        publish(error, context)
      } else if (context['name'] !== undefined) context['resourceName'] = context['name']
      publish(asyncStart, context)
      publish(asyncEnd, context)
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
      if (call !== undefined) summarize(call.context, batch.events)
      const { provider, operation, callId } = batch.call
      for (const { channel: name, fields } of batch.events) {
        const target = events[name]
        if (target !== undefined && target.hasSubscribers) publish(target, { provider, operation, callId, ...fields })
      }
    },
  }
}

/**
 * Adds to the context of a call what its events sum up to.
 *
 * @param {Record<string, unknown>} context
 * @param {CallEvents['events']} events
 */
const summarize = (context, events) => {
  const requests = []
  let outcome = 'created'
  for (const { channel, fields } of events) {
    if (channel === 'request') requests.push(fields)
    else if (channel === 'reconcile' && fields['step'] === 'adopted') outcome = 'adopted'
    else if (channel === 'reconcile' && fields['step'] === 'resent' && outcome === 'created') outcome = 'resent'
  }
  assign(context, { attempts: requests.length, requests })
  if (context['operation'] === 'create') context['outcome'] = outcome
}

module.exports = { CHANNELS, makeDiagnostics }
