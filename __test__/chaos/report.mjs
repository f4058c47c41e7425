// Writes the report of a run, and that of a failed scenario.
import { VIOLATIONS } from './check.mjs'
import { hasViolations, NO_FAULT } from './tally.mjs'

const MEANINGS = {
  leaked: 'on the server; no caller holds it, no error names it',
  duplicated: 'two of one create, one of two creates, or started twice without need',
  missing: 'held by a caller, not on the server',
  unfinished: 'held by a caller, and its process was never started',
  'wrong location': 'running outside the configured location',
  unsettled: 'after the faults a key gave no instance, or a destroy was rejected',
  stuck: 'a promise never settled, or a clean-up never ended',
}

/** @returns {string} */
export function table(tally, { title, client, seed, speed, concurrency }) {
  const { outcomes } = tally
  const faulty = ['creates under faults', tally.faultyCreates, 'at least one request of their scenario met a fault']
  const sections = [
    [
      `${title}, ${client}`,
      [
        ['seed', seed, `speed ${speed}, ${concurrency} scenarios at once`],
        ['wall time', `${(tally.milliseconds / 1000).toFixed(1)} s`, `${tally.rounds} rounds, ${count(tally.requests)} requests`],
        ...(tally.events === undefined ? [] : [['events', tally.events, 'on the diagnostics channels, without a secret']]),
        ['longest stall', `${(tally.longestStall / 1000).toFixed(1)} s`, 'of the event loop, on the client’s clock'],
      ],
    ],
    ['Calls', [...Object.entries(tally.calls), faulty]],
    ['Scenarios', Object.entries(tally.scenarios)],
    ['Faults', [...sorted(tally.faults), ['outages', tally.outages, 'connections refused, open ones cut']]],
    ['Creates that met one fault, until they settled', settling(tally)],
    [
      'Outcomes of the creates',
      [
        ['resolved', outcomes.resolved],
        ['rejected', outcomes.rejected],
        ['aborted', outcomes.aborted],
        ['killed', outcomes.killed, 'with their process'],
        ...sorted(tally.codes).map(([name, value]) => [`  ${name}`, value]),
      ],
    ],
    [
      'Resources',
      [
        ['held', tally.held, 'by a caller, and on the server'],
        ['destroyed', tally.destroyed, `${count(tally.destroyedAgain)} more when destroy was called again`],
        ['left and reported', tally.reported, 'an error names it'],
        ['unknown, reported', tally.unknown, `${count(tally.unknownWithKey)} of them with a key to repeat`],
        ['unknown, settled', tally.unknownSettled, 'by repeating the call with its key'],
      ],
    ],
    [hasViolations(tally) ? 'Violations' : 'Violations: none', VIOLATIONS.map((name) => [name, tally.violations[name], MEANINGS[name]])],
  ]
  return sections.filter(([, entries]) => entries.length > 0).map(section).join('\n\n')
}

/** Returns for each kind of fault the median and the 99th percentile of the durations, on the client's clock. */
function settling({ settling: byKind }) {
  const row = (name, times) => {
    const ascending = times.toSorted((one, other) => one - other)
    const atMost = (share) => `${(ascending[Math.ceil(share * ascending.length) - 1] / 1000).toFixed(1)} s`
    return [name, atMost(0.5), `p99 ${atMost(0.99)}, ${times.length} ${times.length === 1 ? 'create' : 'creates'}`]
  }
  const { [NO_FAULT]: healthy, ...faulty } = byKind
  const kinds = Object.entries(faulty).sort(([one], [other]) => one.localeCompare(other))
  const rows = kinds.map(([name, times]) => row(name, times))
  if (rows.length > 0) rows.unshift(row('all', Object.values(faulty).flat()))
  if (healthy) rows.push(row('no fault, for comparison', healthy))
  return rows
}

/** Returns what a failed scenario did, from the first request to what was left. */
export function failureReport({ record, resources, result, fixture }, { command }) {
  const { scenario } = record
  const { id, type, location, faultProfile, deployment } = scenario
  const lines = [`Scenario ${id} (${type}, ${location}): ${violationsOf(result)}`, `  replay: ${command(scenario)}`]
  const lag = JSON.stringify(fixture.plan.lag)
  lines.push(`  faults: ${JSON.stringify(faultProfile)}, lag ${lag}, deployments: ${deployment}`)
  for (const { plan, outcome } of record.creates) lines.push(`  create ${JSON.stringify(plan)} -> ${describeOutcome(outcome)}`)
  for (const { id, outcome, again } of record.destroys) {
    lines.push(`  destroy ${id} (${scenario.ending}) -> ${describeOutcome(outcome)}`)
    if (again) lines.push(`  destroy again, ${id} -> ${describeOutcome(again)}`)
  }
  for (const { key, outcome } of record.repeats) lines.push(`  create again, ${key} -> ${describeOutcome(outcome)}`)
  for (const { id, name } of resources) lines.push(`  on the server: ${id} (${name})`)
  const log = fixture.callersOf(scenario).flatMap((caller) => caller.log.map((entry) => ({ ...entry, caller })))
  for (const entry of log.sort((one, other) => one.at - other.at)) lines.push(`  ${requestLine(entry, fixture)}`)
  return lines.join('\n')
}

function requestLine({ at, caller, operation, fault, request }, fixture) {
  const seconds = (((at - fixture.opened) * fixture.speed) / 1000).toFixed(2).padStart(8)
  const subject = fixture.backend.describe(request).name ?? idIn(request) ?? ''
  const effect = request.effect ? 'ran' : 'did not run'
  return `${seconds} s  ${caller.name.padEnd(10)} ${operation} ${subject} ${fault ? `[${fault}] ` : ''}${effect}, ${request.status ?? 'no answer'}`
}

/** Returns the id in a request's body, if it has one. */
const idIn = ({ variables, json }) => variables?.serviceId ?? variables?.id ?? json?.instanceId

const violationsOf = ({ violations }) =>
  Object.entries(violations)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}: ${list.join(', ')}`)
    .join('; ')

function describeOutcome({ status, id, code, message, instanceId, resourceName }) {
  if (status !== 'rejected') return id ? `${status} ${id}` : status
  const about = [instanceId, resourceName].filter(Boolean).join(' ')
  return `rejected ${code ?? ''} ${about} “${message}”`
}

function section([title, entries]) {
  const width = Math.max(...entries.map(([name]) => name.length)) + 2
  const figures = entries.map(([, value]) => (typeof value === 'number' ? count(value) : String(value)))
  const figureWidth = Math.max(8, ...figures.map((figure) => figure.length))
  const lines = entries.map(([name, , note], index) =>
    `  ${name.padEnd(width)}${figures[index].padStart(figureWidth)}${note ? `   ${note}` : ''}`.trimEnd(),
  )
  return [title, ...lines].join('\n')
}

const sorted = (counts) => Object.entries(counts).sort(([, one], [, other]) => other - one)
const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ' ')
