// What a round is going to do, drawn from the seed before anything happens.
import { between, chance, derive, randomFor, weighted } from './seeds.mjs'
import { createWeather } from './weather.mjs'

/** Creates of one round. Small enough for a listing to stay cheap, large enough for settling not to dominate. */
export const ROUND_SIZE = 200

/**
 * @typedef {object} Climate how often requests of a story fail, and how
 * @property {'random' | 'aimed' | 'blackout' | 'sluggish'} type
 *   aimed: one kind at one operation, a few times · blackout: from an ambiguous create on, nothing gets through ·
 *   sluggish: a create takes effect late, and every look for it is answered late, with what was true when it began
 * @property {number} [rate] random
 * @property {boolean} [drastic] random: also what keeps the client away for an hour
 * @property {string} [operation] all but random
 * @property {string} [kind] all but random
 * @property {number} [skip] aimed: requests of the operation before the first fault
 * @property {number} [times] aimed
 *
 * @typedef {object} CallPlan one call of `create`
 * @property {string} voice whose credential it uses; a credential is one tenant
 * @property {'first' | 'then' | 'child-1' | 'child-2' | 'child-3'} turn
 * @property {object} options of `create`
 * @property {{ request?: number, after?: number, before?: true }} [abort] at the voice's n-th request, or by time
 *
 * @typedef {object} Story callers that have to do with each other, and with no other story's
 * @property {string} id
 * @property {number} seed
 * @property {string} type
 * @property {string} place
 * @property {Climate} climate
 * @property {CallPlan[]} calls
 * @property {'keep' | 'look' | 'destroy' | 'destroy elsewhere'} ending what becomes of what callers hold
 * @property {string} deployment how its deployments go
 * @property {number} [requestTimeoutMs]
 * @property {number} delay after the round's begin
 * @property {Record<string, number>} [kills] by child: at which of its requests it is killed
 */

/** Types of story, with what each is worth. */
const TYPES = [
  [40, 'solo'],
  [9, 'named'],
  [11, 'keyed'],
  [3, 'keyed-once'],
  [10, 'twins'],
  [4, 'namesakes'],
  [2, 'crowd'],
]

/** Those in which one create has its credential to itself, so that its time is its own. */
export const MEASURED = ['solo', 'named']

/** Those in which several creates have one key. */
const SHARING = ['keyed', 'twins', 'processes']

/** What becomes of what callers hold. `elsewhere`: by another credential, whose process does not know whose it is. */
const ENDINGS = [
  [5, 'keep'],
  [1, 'look'],
  [3, 'destroy'],
  [2, 'destroy elsewhere'],
]

/** What can be left out of a run. */
export const STORY_TYPES = [...TYPES.map(([, type]) => type), 'processes']
export const ENDING_TYPES = ENDINGS.map(([, ending]) => ending)

/** A timer of the test server may be late by so much: an effect that is meant to be in time comes that much earlier. */
const TIMER_RESERVE = 5_000

/** Stories begin within this time. All at once would try this machine's patience, not the client's. */
const STAGGER = 120_000

const CROWD = 12
const KEYS_PER_PROCESS = 5

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {number} options.round
 * @param {number} [options.creates]
 * @param {import('./harness.mjs').ChaosProvider} options.provider
 * @param {string[]} [options.without] types of story and endings that are left out
 * @param {boolean} [options.looseNames] the server lets a name exist twice
 * @param {boolean} [options.singleFaults] each create meets one fault, and is measured
 */
export function planRound({ seed, round, creates = ROUND_SIZE, provider, without = [], looseNames = false, singleFaults = false }) {
  const roundSeed = derive(seed, 'round', round)
  const random = randomFor(roundSeed, 'setting')
  const setting = singleFaults ? planPromptSetting(random, provider.waits) : planSetting(random, provider.waits)
  if (looseNames) setting.uniqueNames = false
  if (provider.namesAreIds) setting.uniqueNames = true
  const stories = []
  const isPlayed = ([, type]) => !without.includes(type) && (!singleFaults || MEASURED.includes(type))
  // Two creates with one key, while reads lag, are told from each other by the provider's refusal alone.
  const isTold = ([, type]) => setting.uniqueNames || !SHARING.includes(type)
  if (!TYPES.filter(isPlayed).some(isTold)) setting.uniqueNames = true
  const table = TYPES.filter(isPlayed).filter(isTold)
  const add = (type) => stories.push(planStory({ type, id: `${round}.${stories.length}`, roundSeed, provider, without, setting, singleFaults }))
  const processes = !without.includes('processes') && setting.uniqueNames && !singleFaults
  if (processes) add('processes')
  // Processes are dear: one story of them is enough for a round, unless nothing else is wanted.
  if (table.length === 0 && processes) table.push([1, 'processes'])
  while (table.length > 0 && countCreates(stories) < creates) add(weighted(random, table))
  return { round, seed: roundSeed, ...setting, stories }
}

export const countCreates = (stories) => stories.reduce((sum, { calls }) => sum + calls.length, 0)

/** The first faults that every story would meet, for comparing plans. */
export function foretell(plan, provider, count = 6) {
  return plan.stories.map((story) => {
    const voices = [...new Set(story.calls.map(({ voice }) => voice))]
    return voices.map((voice) => {
      const weather = weatherFor(story, voice, plan, provider)
      const operations = Object.keys(provider.operations)
      return operations.map((operation) => Array.from({ length: count }, () => weather.next(operation)?.name ?? null))
    })
  })
}

/** @param {Story} story */
export function weatherFor(story, voice, plan, provider) {
  return createWeather({
    seed: derive(story.seed, voice),
    climate: story.climate,
    kinds: provider.kinds,
    isRead: (operation) => !provider.operations[operation].effect,
    about: (operation) => ({
      timeout: story.requestTimeoutMs ?? provider.timeouts[provider.operations[operation].timeout],
      latest: plan.latestEffect,
    }),
  })
}

/**
 * How the provider behaves during the round, faults aside. An effect comes within the absence window, and reads show it
 * within the lag after that.
 *
 * @param {{ lag: number, absence: number }} waits
 */
function planSetting(random, waits) {
  const lag = weighted(random, [
    [4, {}],
    [3, { milliseconds: between(random, 500, 10_000) }],
    [2, { milliseconds: between(random, 10_000, 0.75 * waits.lag) }],
    [2, { reads: between(random, 1, 2) }],
  ])
  const stale = weighted(random, [
    [2, {}],
    [1, { milliseconds: between(random, 1_000, 20_000), showDeletedAt: true }],
  ])
  const outages = Array.from({ length: random.integer(4) }, () => ({
    at: between(random, 0, 120_000),
    milliseconds: between(random, 1_000, 8_000),
  })).sort((one, other) => one.at - other.at)
  const patience = waits.absence - TIMER_RESERVE
  // However few and slow the reads are: a client counts on time, not on a number of looks.
  if (lag.reads) lag.readsWithin = Math.min(0.75 * waits.lag, patience / 2)
  // Names are the providers' word for unique.
  const uniqueNames = chance(random, 0.75)
  return { lag, stale, outages, latestEffect: patience, uniqueNames }
}

/** Reads lag by at most a few seconds, and nothing is wrong but the one fault of each story. */
function planPromptSetting(random, waits) {
  const lag = weighted(random, [
    [1, {}],
    [1, { milliseconds: between(random, 200, 3_000) }],
  ])
  return { ...planSetting(random, waits), lag, stale: {}, outages: [] }
}

function planStory({ type, id, roundSeed, provider, without, setting, singleFaults }) {
  const seed = derive(roundSeed, 'story', id)
  const random = randomFor(seed, 'plan')
  const place = weighted(random, provider.places)
  const calls = PLANS[type](random, id)
  if (singleFaults) for (const call of calls) makePatient(call)
  const ending = weighted(random, ENDINGS)
  // Nothing can be cleaned up for an hour: neither what a caller has left nor what a name that exists twice has.
  const patient = calls.every(({ abort }) => !abort) && type !== 'crowd' && setting.uniqueNames
  return {
    id,
    seed,
    type,
    place,
    delay: between(random, 0, STAGGER),
    calls,
    climate: planClimate(random, { place, provider, patient, singleFaults }),
    ending: without.includes(ending) ? 'keep' : ending,
    deployment: calls.some(({ options }) => options.waitUntilReady)
      ? weighted(random, [
          [4, 'well'],
          [2, 'failed'],
          [1, 'crashed'],
          [1, 'never'],
        ])
      : 'well',
    ...(chance(random, 0.25) && { requestTimeoutMs: 20_000 }),
    ...(type === 'processes' && { kills: planKills(random) }),
  }
}

/** Only the create itself is measured: nobody aborts it, and it does not wait for the start. */
function makePatient(call) {
  delete call.abort
  delete call.options.waitUntilReady
  delete call.options.readyTimeoutMs
}

/**
 * @param {{ patient: boolean }} options patient: nobody turns away. What a caller was told it can act on; one that was
 *   told ABORTED relies on a clean-up, which nobody can carry out while the provider lets nothing through.
 */
function planClimate(random, { place, provider, patient, singleFaults }) {
  const kinds = provider.kinds
  const operations = Object.entries(provider.operations)
    .filter(([, { places }]) => places?.includes(place) ?? true)
    .map(([operation]) => operation)
  const aimed = () => {
    const operation = random.pick(operations)
    const fitting = kinds.filter((kind) => (kind.fits?.(operation) ?? true) && (patient || !kind.drastic))
    const { name } = random.pick(fitting)
    return { type: 'aimed', operation, kind: name, skip: weighted(random, [[5, 0], [1, 1], [1, 2]]), times: between(random, 1, 4) }
  }
  const single = () => ({ ...aimed(), ...aimedAtCreate(), skip: 0, times: 1 })
  const aimedAtCreate = () => {
    const fitting = kinds.filter((kind) => (kind.fits?.(provider.creating) ?? true) && !kind.drastic)
    return { operation: provider.creating, kind: random.pick(fitting).name }
  }
  const blackout = () => {
    const fitting = kinds.filter((kind) => kind.ambiguous && (kind.fits?.(provider.creating) ?? true))
    return { type: 'blackout', operation: provider.creating, kind: random.pick(fitting).name }
  }
  // One in ten meets none, for comparison.
  if (singleFaults) return chance(random, 0.1) ? { type: 'random', rate: 0, drastic: false } : single()
  const sluggish = () => ({ type: 'sluggish', operation: provider.creating, kind: 'effect just in time, reset at once' })
  return weighted(random, [
    [1, () => ({ type: 'random', rate: 0.05, drastic: false })],
    [4, () => ({ type: 'random', rate: 0.3, drastic: patient && chance(random, 0.3) })],
    [2, () => ({ type: 'random', rate: 0.6, drastic: patient && chance(random, 0.3) })],
    [4, aimed],
    [2, single],
    [0.4, sluggish],
    [patient ? 0.4 : 0, blackout],
  ])()
}

const PLANS = {
  solo: (random) => [call(random, {})],
  named: (random, id) => [call(random, { name: nameOf(random, id) })],
  keyed(random, id) {
    const idempotencyKey = `key-${id}-${random.text('abcdef', 6)}`
    const first = call(random, { idempotencyKey })
    // Another call with the key, when the first has ended: as a caller does who was told to come again.
    if (!chance(random, 0.5)) return [first]
    const other = random.pick(['a', 'b'])
    // After an abort the first one's clean-up goes on. Another credential is another tenant, which does not know of it, and
    // may be given what is about to be deleted (docs/reliability.md).
    const voice = first.abort ? 'a' : other
    return [first, call(random, { idempotencyKey }, { turn: 'then', voice })]
  },
  'keyed-once': (random, id) => [call(random, { idempotencyKey: `key-${id}-${random.text('abcdef', 6)}` })],
  twins(random, id) {
    const idempotencyKey = `key-${id}-${random.text('abcdef', 6)}`
    return ['a', 'a', ...(chance(random, 0.3) ? ['a'] : [])].map((voice) => call(random, { idempotencyKey }, { voice }))
  },
  namesakes(random, id) {
    const name = nameOf(random, id)
    return ['a', random.pick(['a', 'b'])].map((voice) => call(random, { name }, { voice }))
  },
  crowd: (random) => Array.from({ length: CROWD }, () => call(random, {}, { requests: 40 })),
  processes(random, id) {
    const keys = Array.from({ length: KEYS_PER_PROCESS }, (_, index) => `key-${id}-${index}-${random.text('abcdef', 6)}`)
    return ['child-1', 'child-2', 'child-3'].flatMap((turn) =>
      keys.map((idempotencyKey) => ({ voice: turn, turn, options: { idempotencyKey } })),
    )
  },
}

const nameOf = (random, id) => `box-${id.replace('.', '-')}-${random.text('abcdef', 6)}`

function call(random, options, { turn = 'first', voice = 'a', requests = 6 } = {}) {
  const wait = chance(random, 0.25)
  return {
    voice,
    turn,
    options: { ...options, ...(wait && { waitUntilReady: true, readyTimeoutMs: between(random, 10_000, 90_000) }) },
    ...(chance(random, 0.25) && { abort: planAbort(random, requests) }),
  }
}

function planAbort(random, requests) {
  return weighted(random, [
    [8, { request: between(random, 1, requests) }],
    [3, { after: between(random, 0, 2_000) }],
    [3, { after: between(random, 2_000, 120_000) }],
    [0.3, { before: true }],
  ])
}

/** The last child lives: it is the one that comes after the crash. */
function planKills(random) {
  return {
    'child-1': between(random, 2, 40),
    ...(chance(random, 0.6) && { 'child-2': between(random, 2, 60) }),
  }
}
