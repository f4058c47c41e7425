// Runs one scenario: the calls of its callers, their aborts, and what they do with their instances.
import { within } from '../support/eventually.mjs'
import { MEASURED } from './plan.mjs'
import { SCENARIO_VARIABLE } from './providers/fake-server.mjs'

/** After this time on the client's clock a call counts as stuck. */
const STUCK_AFTER = 7_200_000

const IMAGE = 'acme/box:1'

/**
 * @typedef {object} Outcome
 * @property {'resolved' | 'rejected' | 'killed' | 'stuck'} status
 * @property {string} [id] resolved
 * @property {string} [code] rejected, with what else the error says
 * @property {string} [message]
 * @property {string} [instanceId]
 * @property {string} [resourceName]
 *
 * @typedef {object} ScenarioRecord
 * @property {import('./plan.mjs').Scenario} scenario
 * @property {{ plan: import('./plan.mjs').CallPlan, outcome: Outcome }[]} creates
 * @property {{ key: string, outcome: Outcome }[]} repeats creates with the key again, after the faults
 * @property {{ id: string, outcome: Outcome, again?: Outcome }[]} destroys `again`: a second call after the faults, if
 *   the first was rejected
 * @property {Outcome[]} reads
 */

/**
 * @param {import('./plan.mjs').Scenario} scenario
 * @param {{ fixture: object, client: Function, pool: ReturnType<typeof import('./processes.mjs').createPool> }} context
 * @returns {Promise<ScenarioRecord>}
 */
export async function runScenario(scenario, context) {
  const record = { scenario, creates: [], repeats: [], destroys: [], reads: [] }
  const take = (turn) => {
    const calls = scenario.calls.filter((call) => call.turn === turn)
    if (scenario.type === 'processes' && calls.length > 0) return createInChild(scenario, turn, calls, context)
    return Promise.all(calls.map((call) => create(scenario, call, context)))
  }
  for (const turns of [['first', 'child-1', 'child-2'], ['then', 'child-3']]) {
    record.creates.push(...(await Promise.all(turns.map(take))).flat())
  }
  await finish(record, context)
  return record
}

/** Creates once more with each of the scenario's keys. Each must give the one instance that callers hold. */
export async function repeatKeys(record, { fixture, client }) {
  const { scenario, creates, destroys } = record
  const destroyed = new Set(destroys.map(({ id }) => id))
  const finished = new Set(creates.filter(({ outcome }) => destroyed.has(outcome.id)).map(({ plan }) => plan.options.idempotencyKey))
  const keys = new Set(creates.map(({ plan }) => plan.options.idempotencyKey).filter((key) => key && !finished.has(key)))
  const provider = client(fixture.callerFor(scenario, 'afterwards').config)
  await Promise.all(
    [...keys].map(async (key) => {
      const options = withDefaults(scenario, { idempotencyKey: key }, fixture)
      record.repeats.push({ key, outcome: await outcomeOf(provider.create(options), fixture) })
    }),
  )
}

/** Repeats each rejected destroy. It must delete the resource, and all others that its create has made. */
export async function repeatDestroys(record, { fixture, client }) {
  const provider = client(fixture.callerFor(record.scenario, destroyerOf(record.scenario)).config)
  // A caller that was throttled for an hour does not repeat its call now.
  const failed = record.destroys.filter(({ outcome: { status, code } }) => status === 'rejected' && code !== 'RATE_LIMITED')
  await Promise.all(
    failed.map(async (entry) => {
      entry.again = await outcomeOf(provider.destroy(entry.id), fixture)
    }),
  )
}

async function create(scenario, plan, { fixture, client }) {
  const caller = fixture.callerFor(scenario, plan.caller)
  const options = withDefaults(scenario, plan.options, fixture)
  const disarm = plan.abort ? armAbort(plan.abort, options, caller, fixture) : () => {}
  const settling = timeSettling(caller, fixture)
  const outcome = await outcomeOf(client(caller.config).create(options), fixture)
  disarm()
  // A create is measured only if it has its credential to itself, is not aborted, and does not wait for readiness.
  const isMeasured = MEASURED.includes(scenario.type) && !plan.abort && !options.waitUntilReady
  return { plan, outcome, ...(isMeasured && { settling: settling() }) }
}

/** Measures a create on the client's clock. The returned function gives nothing if there was an outage. */
function timeSettling({ log }, fixture) {
  const began = performance.now()
  const { length } = log
  const { changes } = fixture.outages
  return () => {
    if (changes % 2 === 1 || fixture.outages.changes > changes) return undefined
    const milliseconds = (performance.now() - began) * fixture.speed
    return { milliseconds, faults: log.slice(length).flatMap(({ fault }) => fault ?? []) }
  }
}

function armAbort({ request, after, before }, options, caller, fixture) {
  const controller = new AbortController()
  options.signal = controller.signal
  if (before) controller.abort()
  if (request) return fixture.onRequest(caller, caller.seen + request, () => controller.abort())
  const timer = after === undefined ? undefined : setTimeout(() => controller.abort(), fixture.real(after))
  return () => clearTimeout(timer)
}

async function createInChild(scenario, child, calls, { fixture, pool }) {
  const caller = fixture.callerFor(scenario, child)
  const running = pool.run({
    config: caller.config,
    jobs: calls.map(({ options }) => withDefaults(scenario, options, fixture)),
    limit: fixture.real(STUCK_AFTER),
  })
  const killAt = scenario.kills?.[child]
  const disarm = killAt ? fixture.onRequest(caller, killAt, running.kill) : () => {}
  const outcomes = await running.outcomes
  disarm()
  return calls.map((plan, index) => ({ plan, outcome: outcomes[index] }))
}

async function finish(record, { fixture, client }) {
  const { scenario } = record
  const held = [...new Set(record.creates.filter(({ outcome }) => outcome.status === 'resolved').map(({ outcome }) => outcome.id))]
  if (scenario.ending === 'keep' || held.length === 0) return
  const destroyer = fixture.callerFor(scenario, destroyerOf(scenario))
  const provider = client(destroyer.config)
  if (scenario.ending === 'read') {
    const calls = [...held.map((id) => provider.getById(id)), provider.list()]
    record.reads = await Promise.all(calls.map((call) => outcomeOf(call, fixture)))
    return
  }
  // A request of a killed process may still take effect, and no process looks for it. The package does not promise that
  // a destroy before that deletes what the request makes later.
  const killed = record.creates.some(({ outcome }) => outcome.status === 'killed')
  // Only the process that has sent a create again looks for what the lost request makes late.
  const lostElsewhere = fixture.retriers(scenario).some((caller) => caller !== destroyer)
  if (killed || lostElsewhere) await fixture.pause(fixture.plan.latestEffect)
  record.destroys = await Promise.all(
    held.map(async (id) => ({ id, outcome: await outcomeOf(provider.destroy(id), fixture) })),
  )
}

/** Returns the name of the caller that destroys: with another credential, destroy has to read the resource first. */
function destroyerOf({ ending, type, calls }) {
  return ending === 'destroy elsewhere' || type === 'processes' ? 'elsewhere' : calls[0].caller
}

function withDefaults(scenario, options, { createDefaults }) {
  return { image: IMAGE, envs: { [SCENARIO_VARIABLE]: scenario.id }, ...createDefaults, ...options }
}

/** @returns {Promise<Outcome>} */
const outcomeOf = (promise, fixture) =>
  within(fixture.real(STUCK_AFTER), promise.then(resolved, rejected), { status: 'stuck' })

export const resolved = (value) => ({ status: 'resolved', id: value?.instanceId })

export const rejected = ({ code, message, instanceId, resourceName }) => ({
  status: 'rejected',
  code,
  message,
  instanceId,
  resourceName,
})
