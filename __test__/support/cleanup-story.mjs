// Creates that are aborted at every moment of their lives, and what is published of their clean-ups.
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

/** The requests that create and delete, as the fake servers call them. */
const OPERATIONS = {
  railway: { creating: 'serviceCreate', deleting: /^serviceDelete$/ },
  render: { creating: 'createService', deleting: /^deleteService$/ },
  namespace: { creating: 'CreateInstance', deleting: /^DestroyInstance$/ },
  vercel: { creating: 'createSandbox', deleting: /^deleteSandbox$/ },
  docker: { creating: 'POST /containers/create', deleting: /^DELETE / },
}

const docker = {
  factory: 'docker',
  image: 'acme/present:1',
  async start() {
    const server = await startFakeEngine()
    const existing = () => [...server.containers.keys()]
    return { server, config: { host: server.url, maxRetries: 0 }, existing, close: server.close }
  },
}

export const FIXTURES = { ...PROVIDERS, docker }

/** No request for so long on the addon's clock, and none is to come: see chaos/fixture.mjs. */
const SILENCE = 65_000
const TURNS = 30

/** A removal that fails for good is given up after 15 minutes. */
const LONGEST_TURNS = 60 * TURNS

/** Creates that work at once: the addon's clock runs on while this machine is busy. Afterwards they mostly wait. */
const limit = createLimit(6)

const lost = { answer: 'lost' }

/**
 * How a create goes that is not aborted. `meets`: what becomes of its first request that creates.
 *
 * @type {Record<string, { plan?: string, options?: object, config?: object, meets?: object, without?: string[], requests?: number }>}
 */
export const LIVES = {
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

/** How a deletion fails. The last one still has its effect. */
const FAILURES = [
  { status: 403, body: { message: 'no' } },
  { status: 503, body: { message: 'busy' } },
  { answer: 'lost' },
  { status: 429, headers: { 'retry-after': '120' }, body: { message: 'slow down' } },
  { answer: 'lost', effect: 'now' },
]

/** Of a removal that fails for good: none of these has an effect or is passed by. */
const LASTING = FAILURES.slice(0, 3)

/** How often the removal fails. */
const TIMES = [0, 1, 3]
export const timesOf = (seed) => (seed % 8 === 5 ? Infinity : TIMES[seed % TIMES.length])

/** @typedef {{ request: number, point: 'called' | 'submitted' | 'arrives' | 'acted' | 'answered' }} Moment */

const byCall = new Map()
let calling

tracingChannel(CHANNELS.create).subscribe({ start: ({ callId }) => byCall.set(callId, calling) })
subscribe(CHANNELS.cleanup, (event) => {
  const story = byCall.get(event.callId)
  if (story) story.events.push(event)
})

/**
 * Runs a create and aborts it at a moment. Resolves when nothing more is to come.
 *
 * @param {string} name of the provider
 * @param {object} life one of `LIVES`
 * @param {{ moment?: Moment, times?: number, seed?: number }} [options] `times`: how often the removal fails
 */
export async function play(name, life, { moment, times = 0, seed = 0 } = {}) {
  const { fixture, story } = await limit(() => begin(name, life, { moment, times, seed }))
  const isOpen = () => story.events.filter(({ step }) => step === 'started').length * 2 > story.events.length
  // This process may stand still: only turns of its event loop count.
  for (let turns = 0, seen = 0, left = LONGEST_TURNS; turns < TURNS || isOpen(); left -= 1) {
    assert.ok(left > 0, `${name} does not come to rest: ${describe({ moment, times, seed }, story)}`)
    await sleep(real(SILENCE) / TURNS)
    turns = story.asked.length === seen ? turns + 1 : 0
    seen = story.asked.length
  }
  const existing = fixture.existing()
  const { server } = fixture
  const cut = server.requests.filter(({ aborted, operation }) => aborted && !operation).length
  server.faults.clear()
  await fixture.close()
  return { ...story, existing, cut, moment, times, seed, name }
}

/** Runs a create until it has settled. */
async function begin(name, { plan, options, config, meets }, { moment, times, seed }) {
  const { creating, deleting } = OPERATIONS[name]
  const entry = FIXTURES[name]
  const fixture = await entry.start()
  const { server } = fixture
  if (plan) fixture.plan(plan)
  const controller = new AbortController()
  const story = { events: [], made: [], deletions: 0, asked: [] }
  let met = false

  const reach = (request, point) => {
    if (moment?.request !== request || moment.point !== point) return
    controller.abort()
  }
  // Where an id is a name, a later resource may have the id of an earlier one.
  let before = new Set(fixture.existing())
  const take = async (exchange) => {
    const answer = await exchange.run()
    const now = new Set(fixture.existing())
    for (const id of now) if (!before.has(id)) story.made.push(id)
    before = now
    return answer
  }

  server.faults.take = ({ operation }) => {
    const number = story.asked.length
    story.asked.push(operation)
    let fault = {}
    if (operation === creating && !met && meets) {
      met = true
      fault = meets
    } else if (deleting.test(operation)) {
      story.deletions += 1
      const failures = times === Infinity ? LASTING : FAILURES
      if (story.deletions <= times) fault = { effect: 'none', ...failures[(seed + story.deletions) % failures.length] }
    }
    return { kind: 'play', play: (exchange) => perform(exchange, number, fault) }
  }

  async function perform(exchange, number, { answer, effect = 'now', status, headers, body }) {
    reach(number, 'arrives')
    let value
    if (effect === 'now') value = await take(exchange)
    reach(number, 'acted')
    if (answer === 'late') await exchange.pause(real(25_000))
    if (answer === 'lost') exchange.drop()
    if (effect === 'late') {
      await exchange.pause(real(5_000))
      value = await take(exchange)
    }
    if (status) exchange.send({ status, headers, body })
    else if (answer !== 'lost') exchange.send(value)
    setImmediate(() => reach(number, 'answered'))
  }

  const provider = addon[entry.factory]({ ...fixture.config, ...config })
  calling = story
  const settled = provider
    .create({ ...createOptions(entry), daemonConfig: { accessToken: canary('story') }, ...options, signal: controller.signal })
    .then(({ instanceId }) => ({ instanceId }), (error) => ({ error }))
  calling = undefined
  reach(-1, 'called')
  await undefined
  reach(-1, 'submitted')
  Object.assign(story, await settled, { requests: story.asked.length })
  return { fixture, story }
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

/** Fails unless what was published agrees with what the server has. */
export function check(played) {
  const { events, made, existing, instanceId, deletions, cut, times, config } = played
  const what = describe(played, played)
  const left = [...made]
  const open = new Map()
  for (const event of events) {
    const { step, instanceId: id, resourceName, attempts, errorCode } = event
    assert.match(resourceName, /^computesdk-/)
    if (step === 'started') {
      assert.ok(left.includes(id), `more stories than were made: ${what}`)
      assert.equal(attempts, 0, what)
      left.splice(left.indexOf(id), 1)
      open.set(id, (open.get(id) ?? 0) + 1)
      continue
    }
    assert.ok(open.get(id) > 0, `an end without a beginning: ${what}`)
    open.set(id, open.get(id) - 1)
    if (step === 'failed') assert.equal(typeof errorCode, 'string', what)
    else assert.equal(step, 'succeeded', what)
    const isThere = existing.includes(id) && !left.includes(id)
    assert.equal(isThere, step === 'failed', `a story that is not true: ${what}`)
  }
  assert.ok([...open.values()].every((count) => count === 0), `a story without an end: ${what}`)
  // Where an id is a name, a deletion that is tried again may delete a second resource with the first one.
  const told = new Set(events.map((event) => event.instanceId))
  const untold = left.filter((id) => !told.has(id) || id === instanceId)
  assert.deepEqual(untold, instanceId ? [instanceId] : [], `what has no story: ${what}`)
  if (instanceId) assert.ok(existing.includes(instanceId), `what the caller holds is gone: ${what}`)
  const attempts = events.reduce((sum, event) => sum + event.attempts, 0)
  // One that the server has not read in time is not among its deletions.
  const most = deletions + cut + (times === Infinity ? 1 : 0)
  assert.ok(config?.maxRetries || (attempts >= deletions && attempts <= most), `${attempts} of ${deletions}, ${cut}: ${what}`)
}
