// The faults of every provider's fake server. Times are in milliseconds of the client's clock.
import { between, chance } from './seeds.mjs'

/**
 * @typedef {object} Circumstances what limits a fault
 * @property {number} timeout how long the client waits for this request
 * @property {number} latest how late an effect may come after its request, within what the package promises
 *
 * @typedef {object} Kind
 * @property {string} name for the report
 * @property {(random: ReturnType<import('../servers/shared/random.mjs').createRandom>, about: Circumstances) =>
 *   import('../servers/shared/faults.mjs').Fault} make
 * @property {boolean} [slow] lasts until the client's time-out for the request
 * @property {boolean} [longThrottle] throttles for longer than a client's clean-up lasts
 * @property {boolean} [ambiguous] the effect has happened or will happen, and the client cannot know it
 * @property {boolean} [uninformative] the effect does not happen, and the client cannot know it
 * @property {(operation: string) => boolean} [fits] which operations; default: all
 */

/** The two kinds of a failure that hides whether its request had an effect: it had none, or it had one. */
export const withAndWithoutEffect = (name, make) => [
  { name, uninformative: true, make: (random) => make(random, false) },
  { name: `${name} after effect`, ambiguous: true, make: (random) => make(random, true) },
]

/** @type {Kind} */
export const EDGE_PAGE = {
  name: 'edge page',
  make: (random) => ({ kind: 'html', status: random.pick([200, 403, 429, 503]) }),
}

const pageOf = (status) =>
  `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>\n`

/** Returns a failure of a proxy between the client and the provider's own code. */
function proxyFailure(random, effect) {
  const status = random.pick([500, 502, 503, 504])
  const [type, body] = random.pick([
    ['text/plain', 'upstream connect error'],
    ['text/html', pageOf(status)],
    ['application/json', '{"message":"Internal Server Error"}'],
    ['text/plain', ''],
  ])
  return { kind: 'respond', status, headers: { 'content-type': type }, body, effect }
}

/** Returns a response with a status of success and an unreadable body. */
function unreadable(random, effect) {
  const [type, body] = random.pick([
    ['text/html', pageOf(200)],
    ['application/json', '{"data":null}'],
    ['application/json', '{"da'],
    ['application/json', ''],
  ])
  return { kind: 'respond', status: 200, headers: { 'content-type': type }, body, effect }
}

/** Removes the server's own headers, which describe another window than the refusal. */
const NO_WINDOW = { 'x-ratelimit-limit': null, 'x-ratelimit-remaining': null, 'x-ratelimit-reset': null }

const refused = (headers) => ({
  kind: 'respond',
  status: 429,
  headers: { ...NO_WINDOW, 'content-type': 'text/plain', ...headers },
  body: 'Too Many Requests',
})

const inSeconds = (random) => between(random, 1, 12)
const slow = (milliseconds, effectFirst) => ({ kind: 'slow', milliseconds, effectFirst })
const lateEffect = (milliseconds, latest) => ({ kind: 'late-effect', milliseconds, latest })

/** @type {Kind[]} */
export const KINDS = [
  { name: 'reset before effect', uninformative: true, make: (random) => ({ kind: 'reset-before', rst: chance(random, 0.5) }) },
  { name: 'reset after effect', ambiguous: true, make: (random) => ({ kind: 'reset-after', rst: chance(random, 0.5) }) },
  { name: 'answer cut', ambiguous: true, make: (random) => ({ kind: 'cut', rst: chance(random, 0.3) }) },
  {
    name: 'slow',
    make: (random, { timeout }) => slow(between(random, 500, Math.floor(timeout * 0.8)), chance(random, 0.7)),
  },
  {
    name: 'stale response',
    make: (random, { timeout }) => slow(between(random, Math.floor(timeout * 0.6), Math.floor(timeout * 0.85)), true),
  },
  {
    name: 'too slow, effect at once',
    slow: true,
    ambiguous: true,
    make: (random, { timeout }) => slow(timeout + between(random, 2_000, 10_000), true),
  },
  {
    name: 'too slow, effect late',
    slow: true,
    ambiguous: true,
    make: (random, { timeout, latest, window }) => {
      const milliseconds = timeout + between(random, 2_000, 10_000)
      return { ...slow(milliseconds, milliseconds > latest), latest: window }
    },
  },
  {
    name: 'effect late, reset at once',
    ambiguous: true,
    make: (random, { latest, window }) => lateEffect(between(random, 500, latest), window),
  },
  {
    name: 'effect at the latest, reset at once',
    ambiguous: true,
    make: (random, { latest, window }) => lateEffect(between(random, Math.floor(latest * 0.8), latest), window),
  },
  ...withAndWithoutEffect('5xx', proxyFailure),
  { name: 'unreadable 200', make: (random) => unreadable(random, false) },
  { name: 'unreadable 200 after effect', ambiguous: true, make: (random) => unreadable(random, true) },
  { name: '429', make: () => refused() },
  { name: '429, Retry-After in seconds', make: (random) => refused({ 'retry-after': String(inSeconds(random)) }) },
  {
    name: '429, Retry-After as a date',
    make: (random) => refused({ 'retry-after': new Date(Date.now() + inSeconds(random) * 1000).toUTCString() }),
  },
  {
    name: '429, window empty',
    make: (random) => refused({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(inSeconds(random)) }),
  },
  {
    name: '429, Retry-After an hour',
    longThrottle: true,
    make: (random) => refused({ 'retry-after': random.pick(['3600', '99999999999999999999']) }),
  },
]
