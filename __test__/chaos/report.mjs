// Words and figures for the person at the terminal.
import { OFFENCES } from './judge.mjs'
import { isGuilty, NO_FAULT } from './tally.mjs'

const MEANINGS = {
  leaked: 'on the server, held by nobody, reported by no error',
  doubled: 'two of one create, one in the hands of two, or started twice without need',
  phantom: 'held by a caller, not on the server',
  unfinished: 'held by a caller, and what is to run in it was never started',
  'wrong place': 'running outside the configured environment',
  unsettled: 'a key that gave no instance, or a destroy that was rejected, when all was well',
  stuck: 'a promise that never settled, or a clean-up that never ended',
}

/** @returns {string} */
export function table(tally, { title, client, seed, speed, concurrency }) {
  const { outcomes } = tally
  const sections = [
    [
      `${title}, ${client}`,
      [
        ['seed', seed, `speed ${speed}, ${concurrency} stories at once`],
        ['wall time', `${(tally.milliseconds / 1000).toFixed(1)} s`, `${tally.rounds} rounds, ${count(tally.requests)} requests`],
        ...(tally.events === undefined ? [] : [['events', tally.events, 'on the diagnostics channels, without a secret']]),
        ['longest stall', `${(tally.longestStall / 1000).toFixed(1)} s`, 'of the event loop, on the client’s clock'],
      ],
    ],
    ['Asked for', [...rows(tally.calls), ['creates in bad weather', tally.faultyCreates, 'at least one request of their story met a fault']]],
    ['Stories', rows(tally.stories)],
    ['Faults', [...rows(sorted(tally.faults)), ['outages', tally.outages, 'connections refused, open ones cut']]],
    ['Creates that met one fault, until they settled', settling(tally)],
    [
      'What came of the creates',
      [
        ['resolved', outcomes.resolved],
        ['rejected', outcomes.rejected],
        ['aborted', outcomes.aborted],
        ['killed', outcomes.killed, 'with their process'],
        ...rows(sorted(tally.codes)).map(([name, value]) => [`  ${name}`, value]),
      ],
    ],
    [
      'The books',
      [
        ['held', tally.held, 'in a caller’s hands and on the server'],
        ['destroyed', tally.destroyed, `${count(tally.destroyedAgain)} more when destroy was called again`],
        ['left and reported', tally.reported, 'an error names it'],
        ['unknown, reported', tally.unknown, `${count(tally.unknownWithKey)} of them with a key to repeat`],
        ['unknown, settled', tally.unknownSettled, 'by repeating the call with its key'],
        ...(tally.outOfTime > 0 ? [['out of time', tally.outOfTime, 'this machine stood still: proves nothing either way']] : []),
      ],
    ],
    [isGuilty(tally) ? 'Offences' : 'Offences: none', OFFENCES.map((name) => [name, tally.offences[name], MEANINGS[name]])],
  ]
  return sections.filter(([, entries]) => entries.length > 0).map(section).join('\n\n')
}

/** By kind of fault: the median and what 99 of 100 stay below, on the client's clock. */
function settling({ settling: byKind }) {
  const row = (name, times) => {
    const ascending = times.toSorted((one, other) => one - other)
    const atMost = (share) => `${(ascending[Math.ceil(share * ascending.length) - 1] / 1000).toFixed(1)} s`
    return [name, atMost(0.5), `p99 ${atMost(0.99)}, ${times.length} creates`]
  }
  const { [NO_FAULT]: healthy, ...faulty } = byKind
  const kinds = Object.entries(faulty).sort(([one], [other]) => one.localeCompare(other))
  const rows = kinds.map(([name, times]) => row(name, times))
  if (rows.length > 0) rows.unshift(row('all', Object.values(faulty).flat()))
  if (healthy) rows.push(row('no fault, for comparison', healthy))
  return rows
}

/** What one guilty story did, from the first request to what was left. */
export function confession({ record, resources, verdict, scene }, { command }) {
  const { story } = record
  const lines = [`Story ${story.id} (${story.type}, ${story.place}): ${offencesOf(verdict)}`, `  replay: ${command(story)}`]
  lines.push(`  weather: ${JSON.stringify(story.climate)}, lag ${JSON.stringify(scene.plan.lag)}, deployments go ${story.deployment}`)
  for (const { plan, outcome } of record.creates) lines.push(`  create ${JSON.stringify(plan)} -> ${tell(outcome)}`)
  for (const { id, outcome, again } of record.destroys) {
    lines.push(`  destroy ${id} (${story.ending}) -> ${tell(outcome)}`)
    if (again) lines.push(`  destroy again, ${id} -> ${tell(again)}`)
  }
  for (const { key, outcome } of record.repeats) lines.push(`  create again, ${key} -> ${tell(outcome)}`)
  for (const { id, name } of resources) lines.push(`  on the server: ${id} (${name})`)
  const log = scene.voicesOf(story).flatMap((voice) => voice.log.map((entry) => ({ ...entry, voice })))
  for (const entry of log.sort((one, other) => one.at - other.at)) lines.push(`  ${requestLine(entry, scene)}`)
  return lines.join('\n')
}

function requestLine({ at, voice, operation, fault, request }, scene) {
  const seconds = (((at - scene.opened) * scene.speed) / 1000).toFixed(2).padStart(8)
  const subject = scene.place.describe(request).name ?? idIn(request) ?? ''
  const effect = request.effect ? 'ran' : 'did not run'
  return `${seconds} s  ${voice.name.padEnd(10)} ${operation} ${subject} ${fault ? `[${fault}] ` : ''}${effect}, ${request.status ?? 'no answer'}`
}

/** What a request is about, where it says so in its body. */
const idIn = ({ variables, json }) => variables?.serviceId ?? variables?.id ?? json?.instanceId

const offencesOf = ({ offences }) =>
  Object.entries(offences)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}: ${list.join(', ')}`)
    .join('; ')

function tell({ status, id, code, message, instanceId, resourceName }) {
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

const rows = (counts) => Object.entries(counts).map(([name, value]) => [name, value])
const sorted = (counts) => Object.fromEntries(Object.entries(counts).sort(([, one], [, other]) => other - one))
const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ' ')
