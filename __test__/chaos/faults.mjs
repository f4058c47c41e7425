// The faults that every provider's server can meet. Times are in milliseconds of the client's clock.
import { between, chance } from './seeds.mjs'

/**
 * @typedef {object} Circumstances what a fault has to fit in with
 * @property {number} timeout how long the client waits for this request
 * @property {number} latest how late an effect may come after its request, to be within what the package promises
 *
 * @typedef {object} Kind
 * @property {string} name as it stands in the report
 * @property {(random: ReturnType<import('../servers/shared/random.mjs').createRandom>, about: Circumstances) =>
 *   import('../servers/shared/faults.mjs').Fault} make
 * @property {boolean} [slow] takes the client's whole patience for one request
 * @property {boolean} [drastic] keeps a client away for longer than it goes on cleaning up
 * @property {boolean} [ambiguous] the client cannot tell whether the effect happened, and it did or will
 * @property {boolean} [blind] the request has no effect, and the client learns nothing
 * @property {(operation: string) => boolean} [fits] which operations; absent: all
 */

const pageOf = (status) =>
  `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>\n`

/** A failure of whatever stands between the client and the provider's own code. */
function gatewayTrouble(random, effect) {
  const status = random.pick([500, 502, 503, 504])
  const [type, body] = random.pick([
    ['text/plain', 'upstream connect error'],
    ['text/html', pageOf(status)],
    ['application/json', '{"message":"Internal Server Error"}'],
    ['text/plain', ''],
  ])
  return { kind: 'respond', status, headers: { 'content-type': type }, body, effect }
}

/** An answer that says success and holds nothing to read. */
function nonsense(random, effect) {
  const [type, body] = random.pick([
    ['text/html', pageOf(200)],
    ['application/json', '{"data":null}'],
    ['application/json', '{"da'],
    ['application/json', ''],
  ])
  return { kind: 'respond', status: 200, headers: { 'content-type': type }, body, effect }
}

/** The standing headers speak of another window than the refusal does; without them it says only what it says. */
const NO_WINDOW = { 'x-ratelimit-limit': null, 'x-ratelimit-remaining': null, 'x-ratelimit-reset': null }

const refused = (headers) => ({
  kind: 'respond',
  status: 429,
  headers: { ...NO_WINDOW, 'content-type': 'text/plain', ...headers },
  body: 'Too Many Requests',
})

const inSeconds = (random) => between(random, 1, 12)

/** @type {Kind[]} */
export const KINDS = [
  { name: 'reset before effect', blind: true, make: (random) => ({ kind: 'reset-before', rst: chance(random, 0.5) }) },
  { name: 'reset after effect', ambiguous: true, make: (random) => ({ kind: 'reset-after', rst: chance(random, 0.5) }) },
  { name: 'answer cut', ambiguous: true, make: (random) => ({ kind: 'cut', rst: chance(random, 0.3) }) },
  {
    name: 'slow',
    make: (random, { timeout }) => ({
      kind: 'slow',
      milliseconds: between(random, 500, Math.floor(timeout * 0.8)),
      effectFirst: chance(random, 0.7),
    }),
  },
  {
    name: 'stale when it comes',
    make: (random, { timeout }) => ({
      kind: 'slow',
      milliseconds: between(random, Math.floor(timeout * 0.6), Math.floor(timeout * 0.85)),
      effectFirst: true,
    }),
  },
  {
    name: 'too slow, effect at once',
    slow: true,
    ambiguous: true,
    make: (random, { timeout }) => ({
      kind: 'slow',
      milliseconds: timeout + between(random, 2_000, 10_000),
      effectFirst: true,
    }),
  },
  {
    name: 'too slow, effect late',
    slow: true,
    ambiguous: true,
    make: (random, { timeout, latest }) => {
      const milliseconds = timeout + between(random, 2_000, 10_000)
      return { kind: 'slow', milliseconds, effectFirst: milliseconds > latest }
    },
  },
  {
    name: 'effect late, reset at once',
    ambiguous: true,
    make: (random, { latest }) => ({ kind: 'late-effect', milliseconds: between(random, 500, latest) }),
  },
  {
    name: 'effect just in time, reset at once',
    ambiguous: true,
    make: (random, { latest }) => ({ kind: 'late-effect', milliseconds: between(random, Math.floor(latest * 0.8), latest) }),
  },
  { name: '5xx', blind: true, make: (random) => gatewayTrouble(random, false) },
  { name: '5xx after effect', ambiguous: true, make: (random) => gatewayTrouble(random, true) },
  { name: 'unreadable 200', make: (random) => nonsense(random, false) },
  { name: 'unreadable 200 after effect', ambiguous: true, make: (random) => nonsense(random, true) },
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
    drastic: true,
    make: (random) => refused({ 'retry-after': random.pick(['3600', '99999999999999999999']) }),
  },
]
