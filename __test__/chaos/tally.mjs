// The figures of a run, added up round by round.
import { OFFENCES } from './judge.mjs'

/** The kind under which creates are measured that met no fault. */
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
    stories: {},
    outcomes: { resolved: 0, rejected: 0, aborted: 0, killed: 0 },
    codes: {},
    held: 0,
    reported: 0,
    destroyed: 0,
    destroyedAgain: 0,
    unknown: 0,
    unknownWithKey: 0,
    unknownSettled: 0,
    outOfTime: 0,
    longestStall: 0,
    /** By kind: how long creates took that met this fault and no other, or none, in milliseconds of the client's clock. */
    settling: {},
    offences: Object.fromEntries(OFFENCES.map((name) => [name, 0])),
  }
}

export const isGuilty = ({ offences }) => Object.values(offences).some((count) => count > 0)

/** @param {import('./story.mjs').StoryRecord[]} records */
export function addRound(tally, { scene, records, verdicts }) {
  tally.rounds += 1
  tally.requests += scene.place.server.requests.length
  tally.outages += scene.outages.count
  for (const [name, count] of Object.entries(scene.faults)) add(tally.faults, name, count)
  const faulty = scene.faultyStories()
  for (const [index, record] of records.entries()) {
    addStory(tally, record, faulty.has(record.story))
    addVerdict(tally, verdicts[index])
  }
}

function addStory(tally, { story, creates, repeats, destroys, looks }, faulty) {
  add(tally.stories, story.type)
  tally.creates += creates.length
  if (faulty) tally.faultyCreates += creates.length
  tally.calls.create += creates.length
  tally.calls['create, key repeated at the end'] += repeats.length
  tally.calls.destroy += destroys.length
  if (looks.length > 0) {
    tally.calls.getById += looks.length - 1
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

function addVerdict(tally, { offences, held, reported, outOfTime }) {
  for (const name of OFFENCES) tally.offences[name] += offences[name].length
  tally.held += held
  tally.reported += reported
  tally.outOfTime += outOfTime
}

function add(counts, name, count = 1) {
  counts[name] = (counts[name] ?? 0) + count
}
