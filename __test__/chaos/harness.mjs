// Runs scenarios under injected faults in rounds, waits until no requests come, then compares what callers hold with
// what the server has.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

import { watchEvents } from '../support/event-watch.mjs'
import { checkScenario } from './check.mjs'
import { loadClient } from './client.mjs'
import { openFixture } from './fixture.mjs'
import { createLimit } from './limit.mjs'
import { planRound, ROUND_SIZE, TIMEOUTS } from './plan.mjs'
import { createPool } from './processes.mjs'
import { repeatDestroys, repeatKeys, runScenario } from './scenario.mjs'
import { addRound, createTally } from './tally.mjs'

/**
 * @typedef {object} ChaosProvider a provider for the fault tests; see providers/railway.mjs
 * @property {string} name
 * @property {string} title
 * @property {string} factory name of the addon's export
 * @property {Record<string, { timeout: string, effect?: boolean, locations?: string[] }>} operations that a client
 *   uses; `effect`: it changes something
 * @property {string} creating the operation that makes a resource
 * @property {string} [skip] why this machine cannot run it
 * @property {{ speed: number, concurrency: number }} [pace] of a real engine, which does not run faster
 * @property {{ lag: number, absence: number }} waits visibility lag and absence window, as src/providers has them
 * @property {object} [createDefaults] options of every create
 * @property {string} [starting] the operation by which a create starts the resource's process, if that is a request of
 *   its own; a resource's `starts` counts it
 * @property {boolean} [namesAreIds] a name cannot exist twice
 * @property {boolean} [callersHavePaths] it has no credential: callers are told apart by the paths of their requests
 * @property {import('./faults.mjs').Kind[]} kinds
 * @property {[number, string][]} locations by weight
 * @property {object} unreachable a complete configuration whose address has no server
 * @property {(options: import('./providers/fake-server.mjs').StartOptions) => Promise<object>} start
 */

/** How early a client's timer may seem to fire, on the client's clock: the server reads a request later than it was sent. */
const TIMER_SLACK = 3_000

const WARM_UP = 150

/** A round is idle most of the time: its longest scenario waits for minutes of the client's clock. */
const ROUNDS_AT_ONCE = 8

/** Between the starts of the first rounds, on the client's clock. */
const START_INTERVAL = 60_000

/** Processes that a round needs. */
const PROCESSES = 3

/**
 * @param {object} options
 * @param {ChaosProvider} options.provider
 * @param {number} options.seed
 * @param {number} options.runs creates
 * @param {number} options.concurrency scenarios at once, of all rounds
 * @param {number} options.speed
 * @param {boolean} [options.naive]
 * @param {number} [options.round] only this one
 * @param {string} [options.scenario] only this one
 * @param {string[]} [options.without] types of scenario, and endings, that are left out
 * @param {boolean} [options.looseNames] in all rounds the server lets a name exist twice
 * @param {boolean} [options.singleFaults] each create meets one fault, and is measured
 * @param {(event: { round: number, rounds: number, tally: object }) => void} [options.onRound]
 * @param {(finding: Finding) => void} [options.onFinding]
 *
 * @typedef {object} Finding
 * @property {import('./scenario.mjs').ScenarioRecord} record
 * @property {import('./check.mjs').CheckResult} result
 * @property {object[]} resources
 * @property {object} fixture
 */
export async function runChaos(options) {
  const { provider, runs, speed, naive = false, without = [], round: only, onRound = () => {} } = options
  const tally = createTally()
  const client = loadClient(options)
  const limit = createLimit(options.concurrency)
  // A call with subscribers takes another way to the addon. Every second seed tests it.
  const isWatched = !naive && options.seed % 2 === 0
  const watch = isWatched ? watchEvents(provider.callersHavePaths ? [] : [/chaos-\d/]) : undefined
  const pool = createPool({ naive, speed, providerName: provider.name, config: provider.unreachable })
  try {
    if (!without.includes('processes') && !options.singleFaults) await pool.prepare(PROCESSES * Math.min(2, Math.ceil(runs / ROUND_SIZE)))
    await warmUp({ provider, speed, client, limit })
    const started = performance.now()
    const stalls = monitorEventLoopDelay({ resolution: 10 })
    stalls.enable()
    const rounds = planned(runs, only)
    const limitRounds = createLimit(ROUNDS_AT_ONCE)
    const run = async ({ number, creates }) => {
      // The first rounds start one after the other, because a round's start costs most.
      if (number < ROUNDS_AT_ONCE) await sleep((number * START_INTERVAL) / speed)
      await runRound({ ...options, number, creates, client, pool, limit, tally })
      onRound({ rounds: rounds.length, tally })
    }
    await Promise.all(rounds.map((round) => limitRounds(() => run(round))))
    stalls.disable()
    tally.longestStall = (stalls.max / 1e6) * speed
    return { ...tally, milliseconds: performance.now() - started, events: watch?.count() }
  } finally {
    watch?.stop()
    pool.close()
  }
}

function planned(runs, only) {
  if (only !== undefined) return [{ number: only, creates: ROUND_SIZE }]
  return Array.from({ length: Math.ceil(runs / ROUND_SIZE) }, (_, number) => ({
    number,
    creates: Math.min(ROUND_SIZE, runs - number * ROUND_SIZE),
  }))
}

/**
 * Runs scenarios without faults, and does not count them. The first run of code takes many times as long, and a second
 * of this process is minutes of the client's clock.
 */
async function warmUp({ provider, speed, client, limit }) {
  const plan = planRound({ seed: 0, round: 0, creates: WARM_UP, provider, without: ['processes'] })
  const fixture = await openFixture({ plan: { ...plan, outages: [] }, provider, speed })
  await fixture.endFaults()
  await runAll(plan, { fixture, client }, limit)
  await fixture.close()
}

async function runRound({ provider, seed, number, creates, speed, scenario, without, looseNames, singleFaults, client, pool, limit, tally, onFinding }) {
  const plan = planRound({ seed, round: number, creates, provider, without, looseNames, singleFaults })
  if (scenario) plan.scenarios = plan.scenarios.filter(({ id }) => id === scenario)
  const fixture = await openFixture({ plan, provider, speed })
  try {
    const context = { fixture, client, pool }
    const records = await runAll(plan, context, limit)
    const isIdle = await fixture.untilIdle()
    await fixture.endFaults()
    await Promise.all(
      records.map((record) => limit(() => Promise.all([repeatKeys(record, context), repeatDestroys(record, context)]))),
    )
    const findings = checkAll(fixture, records, provider)
    addRound(tally, { fixture, findings })
    // A resource that no scenario made is leaked, too.
    tally.violations.leaked += fixture.live().filter((resource) => !resource.scenario).length
    if (!isIdle) tally.violations.stuck += 1
    for (const finding of findings) if (finding.result.failed) onFinding?.(finding)
    const problems = fixture.backend.problems()
    if (problems.length > 0) throw new Error(problems.join('\n'))
  } finally {
    await fixture.close()
  }
}

function checkAll(fixture, records, provider) {
  const live = fixture.live()
  return records.map((record) => {
    const resources = live.filter((resource) => resource.scenario === record.scenario)
    const mostStarts = countStarts(record, fixture, provider)
    return { record, resources, fixture, result: checkScenario(record, resources, { mostStarts }) }
  })
}

/** Returns how often a resource's process may have been started: again after a lost response, and at each adoption. */
function countStarts({ scenario, creates, repeats }, fixture, { starting }) {
  const logs = fixture.callersOf(scenario).map(({ log }) => log)
  const lost = logs.flat().filter(({ operation, fault, request }) => {
    return operation === starting && (fault || !(request.status >= 200 && request.status < 300))
  })
  // The client gave up a request that the server read too late. The log shows only that the client waited.
  const timeout = fixture.real((scenario.requestTimeoutMs ?? TIMEOUTS.create) - TIMER_SLACK)
  const givenUp = logs.flatMap((log) => log.filter(({ at }, index) => index > 0 && at - log[index - 1].at >= timeout))
  const sharing = creates.filter(({ plan }) => plan.options.idempotencyKey).length + repeats.length
  return lost.length + givenUp.length + Math.max(1, sharing)
}

const runAll = ({ scenarios }, context, limit) =>
  Promise.all(
    scenarios.map(async (scenario) => {
      await context.fixture.reaches(scenario.delay)
      return limit(() => runScenario(scenario, context))
    }),
  )
