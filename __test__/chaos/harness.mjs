// Round by round: callers play their stories in bad weather, all comes to rest, and the books are compared.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

import { watchEvents } from '../support/event-watch.mjs'
import { loadClient } from './client.mjs'
import { judge } from './judge.mjs'
import { createLimit } from './limit.mjs'
import { planRound, ROUND_SIZE } from './plan.mjs'
import { createPool } from './processes.mjs'
import { openScene } from './scene.mjs'
import { playStory, repeatDestroys, repeatKeys } from './story.mjs'
import { addRound, createTally } from './tally.mjs'

/**
 * @typedef {object} ChaosProvider what the harness has to know of a provider; see providers/railway.mjs
 * @property {string} name
 * @property {string} title
 * @property {string} factory name of the addon's export
 * @property {Record<string, { timeout: string, effect?: boolean, places?: string[] }>} operations that a client may ask for
 * @property {string} creating the operation that makes a resource
 * @property {string} [skip] why it cannot be run here
 * @property {{ speed: number, concurrency: number }} [pace] of what is no test server: a real engine works in its own time
 * @property {Record<string, number>} timeouts of the client, by the operations' `timeout`
 * @property {{ lag: number, absence: number }} waits how long the client takes for possible that what it has made does
 *   not show yet, and for how long it looks before it believes that it has made nothing: visibility lag and absence
 *   window of the provider in src/providers
 * @property {object} [createDefaults] options of every create
 * @property {string} [starting] the operation by which a create starts what is to run in its resource, as a step of its
 *   own; a resource's `starts` say how often that happened
 * @property {boolean} [namesAreIds] a name cannot exist twice
 * @property {import('./faults.mjs').Kind[]} kinds
 * @property {[number, string][]} places by weight
 * @property {(config: object, options: object) => object} plainApi for the naive client
 * @property {object} nowhere a configuration that leads to nobody
 * @property {(options: object) => Promise<object>} start
 */

/** How far beyond its time an effect may come before it counts as the machine's fault: on the client's clock. */
const TIMER_SLACK = 3_000

const WARM_UP = 150

/** A round is idle most of the time: its longest story waits for minutes of the client's clock. */
const ROUNDS_AT_ONCE = 8

/** From one of the first rounds to the next, on the client's clock. */
const BEGINNING = 60_000

/** Processes that a round wants. */
const PROCESSES = 3

/**
 * @param {object} options
 * @param {ChaosProvider} options.provider
 * @param {number} options.seed
 * @param {number} options.runs creates
 * @param {number} options.concurrency stories at once, of all rounds
 * @param {number} options.speed
 * @param {boolean} [options.naive]
 * @param {number} [options.round] only this one
 * @param {string} [options.story] only this one
 * @param {string[]} [options.without] types of story, and endings, that are left out
 * @param {boolean} [options.looseNames] in all rounds the server lets a name exist twice
 * @param {boolean} [options.singleFaults] each create meets one fault, and is measured
 * @param {(event: { round: number, rounds: number, tally: object }) => void} [options.onRound]
 * @param {(finding: Finding) => void} [options.onFinding]
 *
 * @typedef {object} Finding
 * @property {import('./story.mjs').StoryRecord} record
 * @property {import('./judge.mjs').Verdict} verdict
 * @property {object[]} resources
 * @property {object} scene
 */
export async function runChaos(options) {
  const { provider, runs, speed, naive = false, without = [], round: only, onRound = () => {} } = options
  const tally = createTally()
  const client = loadClient(options)
  const limit = createLimit(options.concurrency)
  // A watched call goes another way than one that is not watched: every other seed tries it.
  const watch = !naive && options.seed % 2 === 0 ? watchEvents([/chaos-\d/]) : undefined
  const pool = createPool({ naive, speed, providerName: provider.name, config: provider.nowhere })
  try {
    if (!without.includes('processes') && !options.singleFaults) await pool.prepare(PROCESSES * Math.min(2, Math.ceil(runs / ROUND_SIZE)))
    await warmUp({ provider, speed, client, limit })
    const started = performance.now()
    const stalls = monitorEventLoopDelay({ resolution: 10 })
    stalls.enable()
    const rounds = planned(runs, only)
    await inParallel(rounds, ROUNDS_AT_ONCE, async ({ number, creates }) => {
      // The first ones one after the other: what they do at their beginnings costs most.
      if (number < ROUNDS_AT_ONCE) await sleep((number * BEGINNING) / speed)
      await runRound({ ...options, number, creates, client, pool, limit, tally })
      onRound({ rounds: rounds.length, tally })
    })
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
 * In fair weather and off the books: what is done for the first time takes many times as long, and a second of this
 * process is minutes of the client's clock.
 */
async function warmUp({ provider, speed, client, limit }) {
  const plan = planRound({ seed: 0, round: 0, creates: WARM_UP, provider, without: ['processes'] })
  const scene = await openScene({ plan: { ...plan, outages: [] }, provider, speed })
  await scene.calm()
  await playAll(plan, { scene, client }, limit)
  await scene.close()
}

async function runRound({ provider, seed, number, creates, speed, story, without, looseNames, singleFaults, client, pool, limit, tally, onFinding }) {
  const plan = planRound({ seed, round: number, creates, provider, without, looseNames, singleFaults })
  if (story) plan.stories = plan.stories.filter(({ id }) => id === story)
  const scene = await openScene({ plan, provider, speed })
  try {
    const stage = { scene, client, pool }
    const records = await playAll(plan, stage, limit)
    const calmed = await scene.settled()
    await scene.calm()
    await Promise.all(
      records.map((record) => limit(() => Promise.all([repeatKeys(record, stage), repeatDestroys(record, stage)]))),
    )
    const findings = assess(scene, records, provider)
    addRound(tally, { scene, records, verdicts: findings.map(({ verdict }) => verdict) })
    // What happened behind the back of all stories is nobody's, so it is nobody's in the books as well.
    tally.offences.leaked += scene.live().filter((resource) => !resource.story).length
    if (!calmed) tally.offences.stuck += 1
    for (const finding of findings) if (finding.verdict.guilty) onFinding?.(finding)
    const problems = scene.place.problems()
    if (problems.length > 0) throw new Error(problems.join('\n'))
  } finally {
    await scene.close()
  }
}

function assess(scene, records, provider) {
  const live = scene.live()
  return records.map((record) => {
    const resources = live.filter((resource) => resource.story === record.story)
    const requests = scene
      .voicesOf(record.story)
      .flatMap(({ log }) => log.filter(({ operation }) => operation === provider.creating))
    const isOutOfTime = ({ createdAt, name }) => {
      const delays = requests
        .filter(({ request }) => scene.place.describe(request).name === name)
        .map(({ request }) => createdAt - request.at)
        .filter((delay) => delay >= 0)
      return Math.min(...delays) > scene.real(scene.plan.latestEffect + TIMER_SLACK) && delays.length > 0
    }
    const mostStarts = countStarts(record, scene, provider)
    return { record, resources, scene, verdict: judge(record, resources, { isOutOfTime, mostStarts }) }
  })
}

/** How often a resource's own step may have been taken: again where an answer was lost, and by whoever adopts it. */
function countStarts({ story, creates, repeats }, scene, { starting, timeouts }) {
  const logs = scene.voicesOf(story).map(({ log }) => log)
  const lost = logs.flat().filter(({ operation, fault, request }) => {
    return operation === starting && (fault || !(request.status >= 200 && request.status < 300))
  })
  // What the server, standing still, took up too late was given up by the client. Of that only its wait is to be seen.
  const patience = scene.real((story.requestTimeoutMs ?? timeouts.create) - TIMER_SLACK)
  const givenUp = logs.flatMap((log) => log.filter(({ at }, index) => index > 0 && at - log[index - 1].at >= patience))
  const sharing = creates.filter(({ plan }) => plan.options.idempotencyKey).length + repeats.length
  return lost.length + givenUp.length + Math.max(1, sharing)
}

const playAll = ({ stories }, stage, limit) =>
  Promise.all(
    stories.map(async (story) => {
      await stage.scene.reaches(story.delay)
      return limit(() => playStory(story, stage))
    }),
  )

/** At most so many at once, begun in order. */
async function inParallel(items, limit, work) {
  const results = []
  let next = 0
  const run = async () => {
    while (next < items.length) {
      const index = next
      next += 1
      results[index] = await work(items[index])
    }
  }
  await Promise.all(Array.from({ length: limit }, run))
  return results
}
