// Adds up the figures of a run, round by round.
import { VIOLATIONS } from './check.mjs'

/** The kind of fault under which creates without a fault are measured. */
export const NO_FAULT = 'none'

export function createTally() {
  return {
    rounds: 0,
    creates: 0,
    faultyCreates: 0,
    calls: { create: 0, 'create, key repeated at the end': 0, getById: 0, list: 0, destroy: 0 },
    requests: 0,
    outages: 0,
    faults: {},
    scenarios: {},
    outcomes: { resolved: 0, rejected: 0, aborted: 0, killed: 0 },
    codes: {},
    held: 0,
    reported: 0,
    destroyed: 0,
    destroyedAgain: 0,
    unknown: 0,
    unknownWithKey: 0,
    unknownSettled: 0,
    longestStall: 0,
    /** By kind of fault: the durations of creates that met it and no other, in milliseconds of the client's clock. */
    settling: {},
    violations: Object.fromEntries(VIOLATIONS.map((name) => [name, 0])),
  }
}

export const hasViolations = ({ violations }) => Object.values(violations).some((count) => count > 0)

/** @param {import('./harness.mjs').Finding[]} findings of all scenarios */
export function addRound(tally, { fixture, findings }) {
  tally.rounds += 1
  tally.requests += fixture.backend.server.requests.length
  tally.outages += fixture.outages.count
  for (const [name, count] of Object.entries(fixture.faults)) add(tally.faults, name, count)
  const faulty = fixture.faultyScenarios()
  for (const { record, result } of findings) {
    addScenario(tally, record, faulty.has(record.scenario))
    addResult(tally, result)
  }
}

function addScenario(tally, { scenario, creates, repeats, destroys, reads }, faulty) {
  add(tally.scenarios, scenario.type)
  tally.creates += creates.length
  if (faulty) tally.faultyCreates += creates.length
  tally.calls.create += creates.length
  tally.calls['create, key repeated at the end'] += repeats.length
  tally.calls.destroy += destroys.length
  if (reads.length > 0) {
    tally.calls.getById += reads.length - 1
    tally.calls.list += 1
  }
  tally.destroyed += destroys.filter(({ outcome }) => outcome.status === 'resolved').length
  tally.destroyedAgain += destroys.filter(({ again }) => again?.status === 'resolved').length
  for (const { settling } of creates) {
    if (!settling || settling.faults.length > 1) continue
    const [kind = NO_FAULT] = settling.faults
    ;(tally.settling[kind] ??= []).push(settling.milliseconds)
  }
  for (const { plan, outcome } of creates) addOutcome(tally, plan.options.idempotencyKey, outcome, repeats)
}

function addOutcome(tally, key, { status, code }, repeats) {
  if (status === 'rejected') add(tally.codes, code ?? 'none')
  add(tally.outcomes, code === 'ABORTED' ? 'aborted' : status)
  if (code !== 'OUTCOME_UNKNOWN') return
  tally.unknown += 1
  const repeat = key && repeats.find((entry) => entry.key === key)
  if (!repeat) return
  tally.unknownWithKey += 1
  if (repeat.outcome.status === 'resolved') tally.unknownSettled += 1
}

function addResult(tally, { violations, held, reported }) {
  for (const name of VIOLATIONS) tally.violations[name] += violations[name].length
  tally.held += held
  tally.reported += reported
}

function add(counts, name, count = 1) {
  counts[name] = (counts[name] ?? 0) + count
}
