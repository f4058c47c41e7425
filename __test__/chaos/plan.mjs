// Plans what a round does. The seed decides it before anything happens.
import { between, chance, derive, randomFor, weighted } from './seeds.mjs'
import { createFaultSchedule } from './fault-schedule.mjs'

/** Creates of one round: few enough for a cheap listing, and so many that the wait at the end does not dominate. */
export const ROUND_SIZE = 200

/** The client's time-outs, by the operations' `timeout`: the addon's defaults. */
export const TIMEOUTS = { read: 30_000, create: 60_000 }

/**
 * @typedef {object} FaultProfile how often requests of a scenario fail, and how
 * @property {'random' | 'targeted' | 'blackout' | 'stale-reads'} type
 *   targeted: one kind at one operation, a few times · blackout: after an ambiguous create, no request succeeds ·
 *   stale-reads: a create takes effect late, and most lookups are answered late, with the state at their beginning
 * @property {number} [rate] random
 * @property {boolean} [longThrottle] random: also throttles for an hour
 * @property {string} [operation] all but random
 * @property {string} [kind] all but random
 * @property {number} [skip] targeted: requests of the operation before the first fault
 * @property {number} [times] targeted
 *
 * @typedef {object} CallPlan one call of `create`
 * @property {string} caller whose credential it uses; a credential is one tenant
 * @property {'first' | 'then' | 'child-1' | 'child-2' | 'child-3'} turn
 * @property {object} options of `create`
 * @property {{ request?: number, after?: number, before?: true }} [abort] at the caller's n-th request, or by time
 *
 * @typedef {object} Scenario callers that share a key or a name with each other, and with no other scenario
 * @property {string} id
 * @property {number} seed
 * @property {string} type
 * @property {string} location
 * @property {FaultProfile} faultProfile
 * @property {CallPlan[]} calls
 * @property {'keep' | 'read' | 'destroy' | 'destroy elsewhere'} ending what the callers do with what they hold
 * @property {string} deployment how its deployments go
 * @property {number} [requestTimeoutMs]
 * @property {number} delay after the round's begin
 * @property {Record<string, number>} [kills] by child: at which of its requests it is killed
 */

/** The types of scenario, by weight. */
const TYPES = [
  [40, 'single'],
  [9, 'named'],
  [11, 'keyed'],
  [3, 'keyed-once'],
  [10, 'keyed-concurrent'],
  [4, 'named-concurrent'],
  [2, 'burst'],
]

/** The types in which one create has its credential to itself, so that its time can be measured. */
export const MEASURED = ['single', 'named']

/** The types in which several creates have one key. */
const SHARING = ['keyed', 'keyed-concurrent', 'processes']

/** What callers do with what they hold, by weight. `elsewhere`: with another credential, which did not make it. */
const ENDINGS = [
  [5, 'keep'],
  [1, 'read'],
  [3, 'destroy'],
  [2, 'destroy elsewhere'],
]

/** What a run can leave out. */
export const SCENARIO_TYPES = [...TYPES.map(([, type]) => type), 'processes']
export const ENDING_TYPES = ENDINGS.map(([, ending]) => ending)

/** A timer of the fake server may be late by so much. The latest effect is planned that much earlier. */
const TIMER_RESERVE = 5_000

/** Scenarios begin within this time. If all began at once, this machine would be the bottleneck. */
const STAGGER = 120_000

const BURST = 12
const KEYS_PER_PROCESS = 5

/** Plans a round of at least `creates` creates. `without`, `looseNames` and `singleFaults` are those of `runChaos`. */
export function planRound({ seed, round, creates = ROUND_SIZE, provider, without = [], looseNames = false, singleFaults = false }) {
  const roundSeed = derive(seed, 'round', round)
  const random = randomFor(roundSeed, 'setting')
  const setting = singleFaults ? planPromptSetting(random, provider.waits) : planSetting(random, provider.waits)
  if (looseNames) setting.uniqueNames = false
  if (provider.namesAreIds) setting.uniqueNames = true
  const scenarios = []
  const isIncluded = ([, type]) => !without.includes(type) && (!singleFaults || MEASURED.includes(type))
  // While reads lag, only the provider's refusal keeps two creates with one key apart.
  const isDistinguishable = ([, type]) => setting.uniqueNames || !SHARING.includes(type)
  if (!TYPES.filter(isIncluded).some(isDistinguishable)) setting.uniqueNames = true
  const table = TYPES.filter(isIncluded).filter(isDistinguishable)
  const add = (type) => scenarios.push(planScenario({ type, id: `${round}.${scenarios.length}`, roundSeed, provider, without, setting, singleFaults }))
  const processes = !without.includes('processes') && setting.uniqueNames && !singleFaults
  if (processes) add('processes')
  // Processes are expensive: a round has one scenario of them, unless it has no other type.
  if (table.length === 0 && processes) table.push([1, 'processes'])
  while (table.length > 0 && countCreates(scenarios) < creates) add(weighted(random, table))
  return { round, seed: roundSeed, ...setting, scenarios }
}

const countCreates = (scenarios) => scenarios.reduce((sum, { calls }) => sum + calls.length, 0)

/** Returns the first faults that each scenario would meet, for comparing plans. */
export function previewFaults(plan, provider) {
  return plan.scenarios.map((scenario) => {
    const callers = [...new Set(scenario.calls.map(({ caller }) => caller))]
    return callers.map((caller) => {
      const schedule = faultScheduleFor(scenario, caller, plan, provider)
      const operations = Object.keys(provider.operations)
      return operations.map((operation) => Array.from({ length: 6 }, () => schedule.next(operation)?.name ?? null))
    })
  })
}

/** @param {Scenario} scenario */
export function faultScheduleFor(scenario, caller, plan, provider) {
  return createFaultSchedule({
    seed: derive(scenario.seed, caller),
    profile: scenario.faultProfile,
    provider,
    about: (operation) => ({
      timeout: scenario.requestTimeoutMs ?? TIMEOUTS[provider.operations[operation].timeout],
      latest: plan.latestEffect,
      window: plan.latestEffect + TIMER_RESERVE,
    }),
  })
}

/**
 * Plans how the provider behaves during the round, apart from faults. An effect comes within the absence window, and
 * reads show it within the lag after that.
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
  const latestEffect = waits.absence - TIMER_RESERVE
  // A client relies on a time, not on a number of lookups. So few and slow lookups must not prolong the lag.
  if (lag.reads) lag.readsWithin = Math.min(0.75 * waits.lag, latestEffect / 2)
  const uniqueNames = chance(random, 0.75)
  return { lag, stale, outages, latestEffect, uniqueNames }
}

/** Plans reads that lag by at most a few seconds, and no fault but the one of each scenario. */
function planPromptSetting(random, waits) {
  const lag = weighted(random, [
    [1, {}],
    [1, { milliseconds: between(random, 200, 3_000) }],
  ])
  return { ...planSetting(random, waits), lag, stale: {}, outages: [] }
}

function planScenario({ type, id, roundSeed, provider, without, setting, singleFaults }) {
  const seed = derive(roundSeed, 'story', id)
  const random = randomFor(seed, 'plan')
  const location = weighted(random, provider.locations)
  const calls = PLANS[type](random, id)
  if (singleFaults) for (const call of calls) removeAborts(call)
  const ending = weighted(random, ENDINGS)
  // A throttle for an hour prevents clean-ups: after an abort, and of a second resource with the same name.
  const uninterrupted = calls.every(({ abort }) => !abort) && type !== 'burst' && setting.uniqueNames
  return {
    id,
    seed,
    type,
    location,
    delay: between(random, 0, STAGGER),
    calls,
    faultProfile: planFaultProfile(random, { location, provider, uninterrupted, singleFaults }),
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

/** Removes aborts and waits for readiness, so that the create itself is measured. */
function removeAborts(call) {
  delete call.abort
  delete call.options.waitUntilReady
  delete call.options.readyTimeoutMs
}

/**
 * @param {{ uninterrupted: boolean }} options uninterrupted: no caller aborts. A caller that got ABORTED relies on a
 *   clean-up, which cannot succeed while the provider lets no request through. Any other error says what to do.
 */
function planFaultProfile(random, { location, provider, uninterrupted, singleFaults }) {
  const kinds = provider.kinds
  const operations = Object.entries(provider.operations)
    .filter(([, { locations }]) => locations?.includes(location) ?? true)
    .map(([operation]) => operation)
  const pickKind = (operation, isWanted) =>
    random.pick(kinds.filter((kind) => (kind.fits?.(operation) ?? true) && isWanted(kind))).name
  const targeted = () => {
    const operation = random.pick(operations)
    const kind = pickKind(operation, ({ longThrottle }) => uninterrupted || !longThrottle)
    const skip = weighted(random, [[5, 0], [1, 1], [1, 2]])
    return { type: 'targeted', operation, kind, skip, times: between(random, 1, 4) }
  }
  const atCreate = (isWanted) => ({ operation: provider.creating, kind: pickKind(provider.creating, isWanted) })
  const single = () => ({ ...targeted(), ...atCreate(({ longThrottle }) => !longThrottle), skip: 0, times: 1 })
  const blackout = () => ({ type: 'blackout', ...atCreate(({ ambiguous }) => ambiguous) })
  // One scenario in ten meets no fault, for comparison.
  if (singleFaults) return chance(random, 0.1) ? { type: 'random', rate: 0, longThrottle: false } : single()
  const staleReads = () => ({ type: 'stale-reads', operation: provider.creating, kind: 'effect at the latest, reset at once' })
  return weighted(random, [
    [1, () => ({ type: 'random', rate: 0.05, longThrottle: false })],
    [4, () => ({ type: 'random', rate: 0.3, longThrottle: uninterrupted && chance(random, 0.3) })],
    [2, () => ({ type: 'random', rate: 0.6, longThrottle: uninterrupted && chance(random, 0.3) })],
    [4, targeted],
    [2, single],
    [0.4, staleReads],
    [uninterrupted ? 0.4 : 0, blackout],
  ])()
}

const PLANS = {
  single: (random) => [call(random, {})],
  named: (random, id) => [call(random, { name: nameOf(random, id) })],
  keyed(random, id) {
    const idempotencyKey = `key-${id}-${random.text('abcdef', 6)}`
    const first = call(random, { idempotencyKey })
    // A second call with the key when the first has ended, as by a caller that repeats a failed create.
    if (!chance(random, 0.5)) return [first]
    const other = random.pick(['a', 'b'])
    // After an abort the clean-up of the first call goes on. Another tenant does not know of it, and may get the
    // instance that is about to be deleted (docs/reliability.md). So the same credential repeats the call.
    const caller = first.abort ? 'a' : other
    return [first, call(random, { idempotencyKey }, { turn: 'then', caller })]
  },
  'keyed-once': (random, id) => [call(random, { idempotencyKey: `key-${id}-${random.text('abcdef', 6)}` })],
  'keyed-concurrent'(random, id) {
    const idempotencyKey = `key-${id}-${random.text('abcdef', 6)}`
    return ['a', 'a', ...(chance(random, 0.3) ? ['a'] : [])].map((caller) => call(random, { idempotencyKey }, { caller }))
  },
  'named-concurrent'(random, id) {
    const name = nameOf(random, id)
    return ['a', random.pick(['a', 'b'])].map((caller) => call(random, { name }, { caller }))
  },
  burst: (random) => Array.from({ length: BURST }, () => call(random, {}, { requests: 40 })),
  processes(random, id) {
    const keys = Array.from({ length: KEYS_PER_PROCESS }, (_, index) => `key-${id}-${index}-${random.text('abcdef', 6)}`)
    return ['child-1', 'child-2', 'child-3'].flatMap((turn) =>
      keys.map((idempotencyKey) => ({ caller: turn, turn, options: { idempotencyKey } })),
    )
  },
}

const nameOf = (random, id) => `box-${id.replace('.', '-')}-${random.text('abcdef', 6)}`

function call(random, options, { turn = 'first', caller = 'a', requests = 6 } = {}) {
  const wait = chance(random, 0.25)
  return {
    caller,
    turn,
    options: { ...options, ...(wait && { waitUntilReady: true, readyTimeoutMs: between(random, 10_000, 90_000) }) },
    ...(chance(random, 0.25) && { abort: planAbort(random, requests) }),
  }
}

const planAbort = (random, requests) =>
  weighted(random, [
    [8, { request: between(random, 1, requests) }],
    [3, { after: between(random, 0, 2_000) }],
    [3, { after: between(random, 2_000, 120_000) }],
    [0.3, { before: true }],
  ])

/** Plans which processes are killed. The last one never is: it repeats the creates after the crash. */
const planKills = (random) => ({
  'child-1': between(random, 2, 40),
  ...(chance(random, 0.6) && { 'child-2': between(random, 2, 60) }),
})
