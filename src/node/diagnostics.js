// @ts-check
// Publishes what a call does on the channels of `node:diagnostics_channel`. Nobody subscribes to most calls: then all of it
// costs a few flags a call.
'use strict'

/**
 * @typedef {import('node:diagnostics_channel').Channel} Channel
 * @typedef {import('./binding').CallEvents} CallEvents
 *
 * @typedef {object} TracedCall a call that somebody watches
 * @property {Record<string, unknown>} context what the subscribers are given
 * @property {Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', Channel>} channels
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

/** The parts of a tracing channel. */
const PARTS = /** @type {const} */ (['start', 'end', 'asyncStart', 'asyncEnd', 'error'])

/**
 * Makes the functions that publish.
 *
 * @param {Pick<typeof import('node:diagnostics_channel'), 'channel'>} diagnostics
 */
const makeDiagnostics = ({ channel }) => {
  /** @param {string} name */
  const tracing = (name) =>
    /** @type {TracedCall['channels']} */ (
      Object.fromEntries(PARTS.map((part) => [part, channel(`tracing:${name}:${part}`)]))
    )

  /** @type {Record<string, TracedCall['channels']>} */
  const traced = {
    create: tracing(CHANNELS.create),
    getById: tracing(CHANNELS.getById),
    list: tracing(CHANNELS.list),
    destroy: tracing(CHANNELS.destroy),
  }

  /** @type {Record<string, Channel>} by the name that the addon gives an event */
  const channels = {
    request: channel(CHANNELS.request),
    retry: channel(CHANNELS.retry),
    reconcile: channel(CHANNELS.reconcile),
    'rate-limit': channel(CHANNELS.rateLimit),
    cleanup: channel(CHANNELS.cleanup),
  }
  const all = Object.values(channels)

  /** @param {Channel} channel */
  const isWatched = ({ hasSubscribers }) => hasSubscribers

  /**
   * Publishes a message. A subscriber that throws touches no call: Node reports what it throws as uncaught; other runtimes may
   * let it through.
   *
   * @param {Channel} target
   * @param {unknown} message
   */
  const publish = (target, message) => {
    try {
      target.publish(message)
    } catch {
      // The subscriber's fault.
    }
  }

  /**
   * Returns whether somebody watches calls of an operation. `TracingChannel.hasSubscribers` is missing in Bun, and before
   * Node 20.13, so the parts are asked.
   *
   * @param {string} operation
   */
  const watches = (operation) => {
    const { start, end, asyncStart, asyncEnd, error } = /** @type {TracedCall['channels']} */ (traced[operation])
    return (
      start.hasSubscribers ||
      end.hasSubscribers ||
      asyncStart.hasSubscribers ||
      asyncEnd.hasSubscribers ||
      error.hasSubscribers ||
      all.some(isWatched)
    )
  }

  /**
   * Publishes the start of a call and its synchronous end, and returns what `run` returns. The stores that are bound to the
   * channel are those of `run`.
   *
   * @template T
   * @param {string} operation
   * @param {Record<string, unknown>} context
   * @param {(call: TracedCall) => T} run
   * @returns {T}
   */
  const begin = (operation, context, run) => {
    const call = { context, channels: /** @type {TracedCall['channels']} */ (traced[operation]) }
    const { start, end } = call.channels
    let result = /** @type {T | undefined} */ (undefined)
    let hasRun = false
    const runOnce = () => {
      if (!hasRun) {
        hasRun = true
        result = run(call)
      }
    }
    try {
      start.runStores(context, runOnce)
    } catch {
      // The subscriber's fault.
    }
    runOnce()
    publish(end, context)
    return /** @type {T} */ (result)
  }

  /**
   * Publishes that a call has ended, and settles its promise between the two parts of that.
   *
   * @param {TracedCall} call
   * @param {Record<string, unknown>} result what is known now
   * @param {() => void} settle
   */
  const end = ({ context, channels: { asyncStart, asyncEnd, error } }, result, settle) => {
    Object.assign(context, result)
    if ('error' in result) publish(error, context)
    publish(asyncStart, context)
    settle()
    publish(asyncEnd, context)
  }

  /**
   * Publishes the events of a call, and adds what they sum up to to its context, if it has not ended.
   *
   * @param {CallEvents} batch
   * @param {TracedCall} [call]
   */
  const publishEvents = ({ call: identity, events }, call) => {
    if (call !== undefined) summarize(call.context, events)
    for (const { channel: name, ...fields } of events) {
      const target = channels[name]
      if (target !== undefined) publish(target, { ...identity, ...fields })
    }
  }

  return { watches, begin, end, publishEvents }
}

/**
 * @param {Record<string, unknown>} context
 * @param {CallEvents['events']} events
 */
const summarize = (context, events) => {
  const requests = []
  let outcome = context['operation'] === 'create' ? 'created' : undefined
  for (const { channel, ...fields } of events) {
    if (channel === 'request') requests.push(fields)
    if (channel !== 'reconcile') continue
    if (fields['step'] === 'adopted') outcome = 'adopted'
    else if (fields['step'] === 'resent' && outcome !== 'adopted') outcome = 'resent'
  }
  Object.assign(context, { attempts: requests.length, requests })
  if (outcome !== undefined) context['outcome'] = outcome
}

module.exports = { CHANNELS, makeDiagnostics }
