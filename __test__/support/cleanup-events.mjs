// Creates that are aborted at every moment, and the events of their clean-ups.
import assert from 'node:assert/strict'
import { subscribe, tracingChannel } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'

import { CHANNELS } from '@computesdk/gateway'

import { createLimit } from '../chaos/limit.mjs'
import { startFakeEngine } from '../servers/docker/fake.mjs'
import { canary } from './canary.mjs'
import { withFastClock } from './fast-clock.mjs'
import { createOptions, PROVIDERS } from './providers.mjs'

const SPEED = 40
const { addon, real } = withFastClock(SPEED)

/** The requests that delete, as the fake servers and the events call them. */
const DELETING = /^(delete|destroy)|delete$/i

const docker = {
  factory: 'docker',
  creating: 'POST /containers/create',
  image: 'acme/present:1',
  async start() {
    const server = await startFakeEngine()
    const existing = () => [...server.containers.keys()]
    return { server, config: { host: server.url, maxRetries: 0 }, existing, close: server.close }
  },
}

export const FIXTURES = { ...PROVIDERS, docker }

/** How long no request must come until the addon counts as idle, on its clock: see chaos/fixture.mjs. */
const IDLE_AFTER = 65_000
const TURNS = 30

/** The addon gives up a clean-up that always fails after 15 minutes. */
const LONGEST_TURNS = 60 * TURNS

/** Creates at once: the addon's clock runs on while this machine is busy. After they settle, they mostly wait. */
const limit = createLimit(6)

const lost = { answer: 'lost' }

/**
 * The creates, as they go without an abort. `meets`: the fault of the first request that creates.
 *
 * @type {Record<string, { plan?: string, options?: object, config?: object, meets?: object, without?: string[], requests?: number }>}
 */
export const CASES = {
  'that becomes ready': { options: { waitUntilReady: true } },
  'that never becomes ready': { plan: 'never', options: { waitUntilReady: true }, without: ['docker'], requests: 6 },
  'whose instance fails, so that it is rolled back': { plan: 'fails', options: { waitUntilReady: true }, without: ['docker'] },
  'whose answer is lost': { meets: lost },
  'with a key whose answer is lost': { meets: lost, options: { idempotencyKey: 'key' } },
  'whose request is lost, so that it is sent again': { meets: { answer: 'lost', effect: 'none' }, config: { maxRetries: 1 } },
  'whose request takes effect late': { meets: { answer: 'lost', effect: 'late' }, requests: 4 },
  'whose request hangs': { meets: { answer: 'late' }, config: { maxRetries: 1 } },
  'whose request hangs before its effect': { meets: { answer: 'late', effect: 'late' }, config: { maxRetries: 1 }, requests: 6 },
}

/** How a deletion fails. The last failure comes after the effect. */
const FAILURES = [
  { status: 403, body: { message: 'no' } },
  { status: 503, body: { message: 'busy' } },
  { answer: 'lost' },
  { status: 429, headers: { 'retry-after': '120' }, body: { message: 'slow down' } },
  { answer: 'lost', effect: 'now' },
]

/** The failures of a clean-up that always fails: none of them has an effect, or makes the addon skip a request. */
const PERMANENT = FAILURES.slice(0, 3)

/** How often the clean-up fails. */
const TIMES = [0, 1, 3]
export const failuresOf = (seed) => (seed % 8 === 5 ? Infinity : TIMES[seed % TIMES.length])

/**
 * `request`: its number, or its place after the requests that create, which a lookup more or less does not change.
 *
 * @typedef {{ request: number | string, point: 'called' | 'submitted' | 'arrives' | 'acted' | 'answered' }} Moment
 */

const byCall = new Map()
let calling

tracingChannel(CHANNELS.create).subscribe({ start: ({ callId }) => byCall.set(callId, calling) })
subscribe(CHANNELS.cleanup, (event) => byCall.get(event.callId)?.events.push(event))
subscribe(CHANNELS.request, (event) => {
  if (DELETING.test(event.operationName ?? event.method)) byCall.get(event.callId)?.removals.push(event)
})

/**
 * Runs a create and aborts it at a moment. Resolves when the addon is idle.
 *
 * @param {string} name of the provider
 * @param {object} entry one of `CASES`
 * @param {{ moment?: Moment, times?: number, seed?: number }} [options] `times`: how often the clean-up fails
 */
export async function runCreate(name, entry, { moment, times = 0, seed = 0 } = {}) {
  const { fixture, record } = await limit(() => begin(name, entry, { moment, times, seed }))
  const isOpen = () => record.events.filter(({ step }) => step === 'started').length * 2 > record.events.length
  // This process may be suspended, so turns of its event loop are counted.
  for (let turns = 0, seen = 0, left = LONGEST_TURNS; turns < TURNS || isOpen(); left -= 1) {
    assert.ok(left > 0, `${name} does not become idle: ${describe({ moment, times, seed }, record)}`)
    await sleep(real(IDLE_AFTER) / TURNS)
    turns = record.asked.length === seen ? turns + 1 : 0
    seen = record.asked.length
  }
  const existing = fixture.existing()
  fixture.server.faults.clear()
  await fixture.close()
  return { ...record, existing, moment, times, seed, name, config: entry.config }
}

/** Runs a create until it has settled. */
async function begin(name, { plan, options, config, meets }, { moment, times, seed }) {
  const entry = FIXTURES[name]
  const fixture = await entry.start()
  const { server } = fixture
  if (plan) fixture.plan(plan)
  const controller = new AbortController()
  const record = { events: [], removals: [], made: [], deletions: 0, asked: [], places: [] }

  const reach = (request, point) => {
    if (request.includes(moment?.request) && moment.point === point) controller.abort()
  }
  // How many requests that create there were, and how many requests since the last of them.
  let [creates, since] = [0, 0]
  // If the id is the name, a later resource may have the id of an earlier one.
  let before = new Set(fixture.existing())
  const take = async (exchange) => {
    const answer = await exchange.run()
    const now = new Set(fixture.existing())
    for (const id of now) if (!before.has(id)) record.made.push(id)
    before = now
    return answer
  }

  server.faults.take = ({ operation }) => {
    const number = record.asked.push(operation) - 1
    const place = placeOf(operation)
    const fault = faultFor(operation, number)
    return { kind: 'play', play: (exchange) => perform(exchange, [number, place], fault) }
  }

  function placeOf(operation) {
    if (operation === entry.creating) [creates, since] = [creates + 1, 0]
    const place = `${creates}.${since}`
    since += 1
    record.places.push(place)
    return place
  }

  function faultFor(operation, number) {
    if (operation === entry.creating && record.asked.indexOf(operation) === number) return meets
    if (!DELETING.test(operation)) return undefined
    record.deletions += 1
    if (record.deletions > times) return undefined
    const failures = times === Infinity ? PERMANENT : FAILURES
    return { effect: 'none', ...failures[(seed + record.deletions) % failures.length] }
  }

  async function perform(exchange, request, { answer, effect = 'now', status, headers, body } = {}) {
    reach(request, 'arrives')
    let value
    if (effect === 'now') value = await take(exchange)
    reach(request, 'acted')
    if (answer === 'late') await exchange.pause(real(25_000))
    if (answer === 'lost') exchange.drop()
    if (effect === 'late') {
      await exchange.pause(real(5_000))
      value = await take(exchange)
    }
    if (status) exchange.send({ status, headers, body })
    else if (answer !== 'lost') exchange.send(value)
    setImmediate(() => reach(request, 'answered'))
  }

  const provider = addon[entry.factory]({ ...fixture.config, ...config })
  calling = record
  const settled = provider
    .create({ ...createOptions(entry), daemonConfig: { accessToken: canary('cleanup') }, ...options, signal: controller.signal })
    .then(({ instanceId }) => ({ instanceId }), (error) => ({ error }))
  calling = undefined
  reach([-1], 'called')
  await undefined
  reach([-1], 'submitted')
  Object.assign(record, await settled, { requests: record.asked.length })
  return { fixture, record }
}

const describe = ({ moment, times, seed }, { events, asked, made, error, instanceId }) =>
  JSON.stringify({
    moment,
    times: String(times),
    seed,
    asked,
    made,
    outcome: error?.code ?? instanceId,
    events: events.map(({ step, instanceId: id, attempts, errorCode }) => [step, id, attempts, errorCode].join(' ')),
  })

/** Fails unless the events agree with what the server has. */
export function check(finished) {
  const { events, removals, made, existing, instanceId, deletions, times, config } = finished
  const what = describe(finished, finished)
  const left = [...made]
  const open = new Map()
  for (const event of events) {
    const { step, instanceId: id, resourceName, attempts, errorCode } = event
    assert.match(resourceName, /^computesdk-/)
    if (step === 'started') {
      assert.ok(left.includes(id), `more clean-ups than resources: ${what}`)
      assert.equal(attempts, 0, what)
      left.splice(left.indexOf(id), 1)
      open.set(id, (open.get(id) ?? 0) + 1)
      continue
    }
    assert.ok(open.get(id) > 0, `an end without a start: ${what}`)
    open.set(id, open.get(id) - 1)
    if (step === 'failed') assert.equal(typeof errorCode, 'string', what)
    else assert.equal(step, 'succeeded', what)
    const isThere = existing.includes(id) && !left.includes(id)
    assert.equal(isThere, step === 'failed', `an event that is not true: ${what}`)
  }
  assert.ok([...open.values()].every((count) => count === 0), `a clean-up without an end: ${what}`)
  // If the id is the name, a deletion that is sent again may delete a second resource with the first one.
  const published = new Set(events.map((event) => event.instanceId))
  const unpublished = left.filter((id) => !published.has(id) || id === instanceId)
  assert.deepEqual(unpublished, instanceId ? [instanceId] : [], `a resource without a clean-up: ${what}`)
  if (instanceId) assert.ok(existing.includes(instanceId), `the caller's instance is gone: ${what}`)
  const attempts = events.reduce((sum, event) => sum + event.attempts, 0)
  // On a busy machine the server does not read a request before it is given up. Then it is not among its deletions.
  const answered = removals.filter(({ statusCode }) => statusCode !== undefined).length
  assert.ok(answered <= deletions, `${answered} answers to ${deletions} deletions: ${what}`)
  const most = removals.length + (times === Infinity ? 1 : 0)
  const isTrue = config?.maxRetries || (attempts >= deletions && attempts <= most)
  assert.ok(isTrue, `${attempts} tries, ${removals.length} sent, ${deletions} read: ${what}`)
}
