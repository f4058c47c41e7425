// Searches for secrets in all messages on the channels of node:diagnostics_channel.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { basename } from 'node:path'

import { CHANNELS } from '@computesdk/gateway'

import { everythingIn, MARK, printable } from './canary.mjs'

/** A call has a tracing channel, which is these channels. */
const CALLS = ['create', 'getById', 'list', 'destroy']
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']
const NAMES = Object.entries(CHANNELS).flatMap(([key, name]) =>
  CALLS.includes(key) ? PARTS.map((part) => `tracing:${name}:${part}`) : [name],
)

/**
 * Subscribes to all channels. A message that holds a secret ends the test, or the process, by an exception that no code
 * catches.
 *
 * @param {(string | RegExp)[]} [secrets] besides the mark
 * @returns {{ count: () => number, stop: () => void }} `count`: of the messages so far
 */
export function watchEvents(secrets = []) {
  let messages = 0
  const patterns = [MARK, ...secrets]
  const look = (message, channel) => {
    messages += 1
    const { error, ...rest } = message
    const text = JSON.stringify(rest) + (error === undefined ? '' : everythingIn(error))
    const found = patterns.find((secret) => (typeof secret === 'string' ? text.includes(secret) : secret.test(text)))
    if (found === undefined) return
    // In a turn of its own, because each runtime handles a subscriber's exception differently.
    setImmediate(() => {
      const where = channel.replace('tracing:', '')
      throw new Error(`A secret shows on the channel ${where}: ${printable(withoutMatches(text, found))}`)
    })
  }
  for (const name of NAMES) subscribe(name, look)
  return { count: () => messages, stop: () => NAMES.forEach((name) => unsubscribe(name, look)) }
}

/** @param {string | RegExp} secret */
function withoutMatches(text, secret) {
  return text.replaceAll(typeof secret === 'string' ? secret : new RegExp(secret, 'g'), '[secret]')
}

/** These files test calls without subscribers, or the messages themselves. */
const UNWATCHED = ['diagnostics.test.mjs', 'memory.test.mjs', 'telemetry.test.mjs']

/**
 * Returns whether this process subscribes. A call with subscribers takes another way to the addon, so half of the test
 * files subscribe, chosen by a number in `WATCH_EVENTS`; `all` and `none` choose for all.
 */
export function isWatched(choice, file) {
  if (choice === undefined || choice === 'none' || UNWATCHED.includes(file)) return false
  if (choice === 'all') return true
  let hash = Number(choice)
  for (const character of file) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0
  return (hash ^ (hash >>> 7)) % 2 === 0
}

const file = basename(process.argv[1] ?? '')
if (isWatched(process.env.WATCH_EVENTS, file)) {
  watchEvents()
  console.log(`The events of ${file} are watched (WATCH_EVENTS=${process.env.WATCH_EVENTS}).`)
}
