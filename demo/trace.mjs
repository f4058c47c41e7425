// npm run demo -- --trace: the calls that the package made, as a tree with times, from what it publishes on its channels.
import { subscribe, tracingChannel } from 'node:diagnostics_channel'

import { duration } from './screen.mjs'

const OPERATIONS = ['create', 'getById', 'list', 'destroy']
const NAME_WIDTH = 34
const TIME_WIDTH = 9

/**
 * Begins to record.
 *
 * @param {import('@computesdk/gateway')['CHANNELS']} channels
 * @returns {{ print: (screen: import('./screen.mjs').Screen) => void }}
 */
export function startTrace(channels) {
  const began = performance.now()
  const calls = []
  const byId = new Map()
  for (const operation of OPERATIONS) {
    const { start, asyncEnd } = tracingChannel(channels[operation])
    start.subscribe((context) => {
      const call = { context, at: performance.now() - began, events: [] }
      calls.push(call)
      byId.set(context.callId, call)
    })
    asyncEnd.subscribe(({ callId }) => {
      const call = byId.get(callId)
      call.took = performance.now() - began - call.at
    })
  }
  const note = (describe) => (event) => byId.get(event.callId)?.events.push(describe(event))
  subscribe(channels.request, note((event) => ({ name: nameOf(event), took: event.duration, ...resultOf(event) })))
  subscribe(channels.retry, note(({ delay, errorCode }) => ({ name: 'waits before it sends again', took: delay, result: errorCode })))
  subscribe(channels.reconcile, note(({ step, instanceId }) => ({ name: step, result: instanceId ?? '' })))
  subscribe(channels.rateLimit, note(({ step, delay }) => ({ name: `rate limit: ${step}`, took: delay, result: '' })))
  subscribe(channels.cleanup, note(({ step, instanceId }) => ({ name: `clean-up ${step}`, result: instanceId ?? '', failed: step === 'failed' })))
  return { print: (screen) => printCalls(calls, screen) }
}

/** `POST /graphql/v2 serviceCreate` */
const nameOf = ({ method, urlTemplate, operationName }) => [method, shorten(urlTemplate), operationName].filter(Boolean).join(' ')

/** Of an RPC service the last part of the path is its method's, which follows. */
const shorten = (template) => template.replace(/^\/[\w.]+\/\{method\}$/, '/…')

const resultOf = ({ statusCode, errorCode, resendCount }) => ({
  result: [statusCode, errorCode, resendCount > 0 && `sent ${resendCount + 1} times`].filter(Boolean).join('  '),
  failed: errorCode !== undefined,
})

function printCalls(calls, screen) {
  const dim = (text) => screen.paint('dim', text)
  screen.line()
  screen.line(dim(`What the package published: ${calls.length} calls`))
  for (const { context, at, took, events } of calls) {
    const { operation, provider, outcome, error, instanceId } = context
    const result = error ? screen.paint('red', error.code) : [outcome, instanceId].filter(Boolean).join('  ')
    screen.line()
    screen.line(`${screen.paint('bold', `${operation} ${provider}`.padEnd(NAME_WIDTH + 3))}${time(took)}   ${result}${dim(`  at ${duration(at)}`)}`)
    for (const [index, event] of events.entries()) {
      const branch = dim(index === events.length - 1 ? '└─ ' : '├─ ')
      const told = event.failed ? screen.paint('yellow', event.result) : dim(event.result)
      screen.line(`${branch}${event.name.padEnd(NAME_WIDTH)}${dim(time(event.took))}   ${told}`.trimEnd())
    }
  }
}

const time = (milliseconds) => (milliseconds === undefined ? '' : duration(milliseconds)).padStart(TIME_WIDTH)
