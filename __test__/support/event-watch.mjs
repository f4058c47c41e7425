// Searches for secrets in all messages on the channels of node:diagnostics_channel.
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { basename } from 'node:path'

import { CHANNELS } from '@computesdk/gateway'

import { everythingIn, MARK, printable } from './canary.mjs'

const CALLS = ['create', 'getById', 'list', 'destroy']
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

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
  const look = (what) => (message) => {
    messages += 1
    const { error, ...rest } = message
    const text = JSON.stringify(rest) + (error === undefined ? '' : everythingIn(error))
    const found = patterns.find((secret) => (typeof secret === 'string' ? text.includes(secret) : secret.test(text)))
    if (found === undefined) return
    // In a turn of its own, because each runtime handles a subscriber's exception differently.
    setImmediate(() => {
      throw new Error(`A secret shows on the channel ${what}: ${printable(withoutMatches(text, found))}`)
    })
  }
  const endings = []
  for (const name of CALLS) {
    const handlers = Object.fromEntries(PARTS.map((part) => [part, look(`${CHANNELS[name]}:${part}`)]))
    tracingChannel(CHANNELS[name]).subscribe(handlers)
    endings.push(() => tracingChannel(CHANNELS[name]).unsubscribe(handlers))
  }
  for (const name of Object.keys(CHANNELS).filter((each) => !CALLS.includes(each))) {
    const handler = look(CHANNELS[name])
    subscribe(CHANNELS[name], handler)
    endings.push(() => unsubscribe(CHANNELS[name], handler))
  }
  return { count: () => messages, stop: () => endings.forEach((end) => end()) }
}

/**
 * @param {string} text
 * @param {string | RegExp} secret
 */
function withoutMatches(text, secret) {
  return text.replaceAll(typeof secret === 'string' ? secret : new RegExp(secret, 'g'), '[secret]')
}

/** These files test calls without subscribers, or the messages themselves. */
const UNWATCHED = ['diagnostics.test.mjs', 'memory.test.mjs', 'telemetry.test.mjs']

/**
 * Returns whether this process subscribes. A call with subscribers takes another way to the addon, so half of the test
 * files subscribe, chosen by a number in `WATCH_EVENTS`; `all` and `none` choose for all.
 *
 * @param {string | undefined} choice
 * @param {string} file
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
