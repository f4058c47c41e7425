// The chart of the benchmark: calls a second of each candidate, over those of undici in the same round.
import { median, medianRatio } from '../../bench/lib/statistics.mjs'
import { drawBars } from './bar-chart.mjs'
import { grouped } from './svg.mjs'

const BASE = 'undici'

/** The candidates in the order of the bars, with the names that docs/contributing/performance.md gives them. */
const CANDIDATES = [
  ['addon', 'this package'],
  ['undici', 'undici'],
  ['fetch', 'fetch'],
  ['bare', 'bare hyper'],
]

/** @param {object} results what `npm run bench` has written */
export function drawSpeed({ machine, quick, rounds, samples }) {
  const countsCalls = ([, candidates]) => candidates[BASE]?.every((sample) => 'perSecond' in sample)
  const measured = Object.entries(samples ?? {}).filter(countsCalls)
  if (measured.length === 0) throw new Error('holds no step that counts the calls of undici.')
  const programs = `gateway ${machine.gateway}, Node ${machine.node}, undici ${machine.undici}`
  const computer = `${machine.cpu.replace(/\s+/g, ' ')}, ${machine.system}`
  const run = `${rounds} round${rounds === 1 ? '' : 's'}${quick ? ' of a quick run' : ''}, ${machine.date.slice(0, 10)}`
  return drawBars({
    id: 'speed',
    title: 'Calls a second',
    unit: 'Over undici in the same round; longer is faster',
    groups: measured.map(([step, candidates]) => ({ title: titleOf(step), bars: barsOf(candidates) })),
    source: `Medians of ${run}: ${programs}; ${computer}.`,
  })
}

function barsOf(candidates) {
  const base = valuesOf(candidates[BASE])
  return CANDIDATES.filter(([id]) => candidates[id]).map(([id, name]) => {
    const values = valuesOf(candidates[id])
    const value = medianRatio(values, base)
    return { name, value, shown: `${value.toFixed(2)} (${grouped(median(values))}/s)` }
  })
}

const valuesOf = (samples) => samples.map(({ perSecond }) => perSecond)

/** Returns a step's key as a title. @param {string} key such as `create 16` or `list of 100` */
const titleOf = (key) => key.replace(/^(\w+) (\d+)$/, (_, method, abreast) => `${method}, ${abreast} abreast`)
