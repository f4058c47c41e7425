// npm run demo -- --trace: prints the calls of the package as a tree with times, from the events on its channels.
import { subscribe, tracingChannel } from 'node:diagnostics_channel'

import { duration } from './screen.mjs'

const NAME_WIDTH = 34

/** Records the events of calls. Returns a function that prints them. */
export function startTrace(channels, screen) {
  const began = performance.now()
  const calls = new Map()
  for (const operation of ['create', 'getById', 'list', 'destroy']) {
    const { start, asyncEnd } = tracingChannel(channels[operation])
    start.subscribe((context) => calls.set(context.callId, { context, at: performance.now() - began, events: [] }))
    asyncEnd.subscribe(({ callId }) => (calls.get(callId).took = performance.now() - began - calls.get(callId).at))
  }
  for (const kind of ['request', 'retry', 'reconcile', 'rateLimit', 'cleanup']) {
    subscribe(channels[kind], (event) => calls.get(event.callId)?.events.push({ kind, ...event }))
  }
  return () => [...calls.values()].forEach((call, index) => print(call, screen, index === 0 && calls.size))
}

function print({ context, at, took, events }, screen, count) {
  const dim = (text) => screen.paint('dim', text)
  const time = (milliseconds) => (milliseconds === undefined ? '' : duration(milliseconds)).padStart(9)
  if (count) screen.line('', dim(`What the package published: ${count} calls`))
  const { operation, provider, outcome, error, instanceId } = context
  const result = error ? screen.paint('red', error.code) : [outcome, instanceId].filter(Boolean).join('  ')
  const head = screen.paint('bold', `${operation} ${provider}`.padEnd(NAME_WIDTH + 3))
  screen.line('', `${head}${time(took)}   ${result}${dim(`  at ${duration(at)}`)}`)
  for (const [index, event] of events.entries()) {
    const branch = dim(index === events.length - 1 ? '└─ ' : '├─ ')
    const result = screen.paint(event.errorCode ? 'yellow' : 'dim', resultOf(event))
    screen.line(`${branch}${nameOf(event).padEnd(NAME_WIDTH)}${dim(time(event.duration ?? event.delay))}   ${result}`)
  }
}

/** Returns `POST /graphql/v2 serviceCreate`. At an RPC service the method stands last, not in the path. */
function nameOf({ kind, step, method, urlTemplate, operationName }) {
  if (kind !== 'request') return `${kind} ${step ?? ''}`
  return [method, urlTemplate.replace(/^\/[\w.]+\/\{method\}$/, '/…'), operationName].filter(Boolean).join(' ')
}

const resultOf = ({ statusCode, errorCode, instanceId, resendCount }) =>
  [statusCode, errorCode, instanceId, resendCount > 0 && `sent ${resendCount + 1} times`].filter(Boolean).join('  ')
