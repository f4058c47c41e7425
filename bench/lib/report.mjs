/** The tables that a run ends with. */
import { align } from '../../scripts/targets/table.mjs'
import { importCost, PROCESSES } from './imports.mjs'
import { median } from './statistics.mjs'

const LOAD = [
  ['calls/s', 'perSecond', 0],
  ['p50 µs', 'p50Microseconds', 0],
  ['p99 µs', 'p99Microseconds', 0],
  ['loop µs', 'loopActiveMicroseconds', 1],
  ['main thread µs', 'mainThreadMicroseconds', 1],
  ['other threads µs', 'otherThreadsMicroseconds', 1],
  ['process µs', 'processMicroseconds', 1],
  ['delay p99 ms', 'delayP99Milliseconds', 1],
  ['delay max ms', 'delayMaxMilliseconds', 1],
]

const COLUMNS = {
  load: LOAD,
  watched: [
    ['main thread µs', 'mainThreadMicroseconds', 1],
    ['with subscribers, more µs', 'watchedMicroseconds', 1],
    ['that read at the start, more µs', 'readingMicroseconds', 1],
    ['without, check ns', 'checkNanoseconds', 0],
    ['share %', 'checkPercent', 2],
    ['after subscribers left, check ns', 'checkAfterwardsNanoseconds', 0],
  ],
  memory: [
    ['RSS MiB', 'rssMebibytes', 1],
    ['most MiB', 'maxRssMebibytes', 1],
  ],
  first: [
    ['import ms', 'importMilliseconds', 1],
    ['factory ms', 'firstFactoryMilliseconds', 2],
    ['1st call ms', 'firstCallMilliseconds', 1],
    ['2nd call ms', 'secondCallMilliseconds', 2],
    ['later factory µs', 'factoryMicroseconds', 2],
  ],
  burst: [
    ['cold ms', 'coldMilliseconds', 0],
    ['warm ms', 'warmMilliseconds', 0],
  ],
}

const BARE = { id: 'bare', title: 'bare hyper client' }

/** @returns {string} a table a step, a line a candidate, medians */
export function measuresTable(results, steps, candidates) {
  const tables = steps.map((step) => {
    const who = [...candidates, BARE].filter(({ id }) => results.has(step.key, id))
    const columns = COLUMNS[step.measure]
    const lines = who.map(({ id, title }) => [
      title,
      ...columns.map(([, metric, digits]) => show(results.median(step.key, id, metric), digits)),
    ])
    const head = [titleOf(step), ...columns.map(([title]) => title)]
    // Without the columns that stay empty in this step.
    const isUsed = head.map((_, column) => column === 0 || lines.some((line) => line[column] !== ''))
    return table([head, ...lines].map((line) => line.filter((_, column) => isUsed[column])))
  })
  return tables.join('\n\n')
}

function titleOf({ key, measure, job }) {
  if (measure !== 'load') return key
  return `${key.startsWith('list') ? key.replace(/,.*/, '') : job.method}, ${job.abreast} abreast`
}

export function importsTable(times) {
  const lines = Object.entries(PROCESSES).map(([id, { title, empty }]) => [
    title,
    show(median(times[id]), 1),
    empty ? show(importCost(times, id), 1) : '',
  ])
  return table([['a process', 'whole ms', 'over an empty one ms'], ...lines])
}

/**
 * @param {{ title: string, value: number, goal: number, atMost: boolean, reached: boolean }[]} goals
 * @param {boolean} isQuiet without it the figures are noise, and no goal is checked
 */
export function goalsTable(goals, isQuiet) {
  const lines = goals.map(({ title, value, goal, atMost, reached }) => [
    title,
    show(value, 2),
    `${atMost ? '≤' : '≥'} ${goal}`,
    isQuiet ? (reached ? 'reached' : 'NOT REACHED') : 'not checked',
  ])
  return table([['goal', 'measured', 'wanted', ''], ...lines])
}

const show = (value, digits) => (Number.isNaN(value) ? '' : value.toFixed(digits))

/** The first column to the left, all others to the right. */
const table = (lines) =>
  align(lines, (cell, width, column) => (column === 0 ? cell.padEnd(width) : cell.padStart(width)))
