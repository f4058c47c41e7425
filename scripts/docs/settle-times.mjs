// The chart of the simulator: how long a create takes to settle under faults, for each provider.
import { drawBars } from './bar-chart.mjs'
import { grouped } from './svg.mjs'

const MEASURES = ['p50', 'p99', 'max']

/**
 * @param {object} results what `npm run simulate` has written: an object with `settleTimes`, an array of
 *   `{ provider, p50, p99, max }` in seconds, and `outcomes`, the creates by how they ended; or the array alone
 */
export function drawSettleTimes(results) {
  const { settleTimes, outcomes = {} } = Array.isArray(results) ? { settleTimes: results } : results
  if (!Array.isArray(settleTimes) || settleTimes.length === 0) throw new Error('holds no settle times.')
  const ended = Object.entries(outcomes).map(([outcome, number]) => `${outcome} ${grouped(number)}`)
  return drawBars({
    id: 'settle-times',
    title: 'How long a create takes to settle under faults',
    unit: 'Simulated seconds; shorter is sooner',
    groups: settleTimes.map((entry) => ({ title: entry.provider, bars: barsOf(entry) })),
    source: `Simulated faults.${ended.length > 0 ? ` Creates by outcome: ${ended.join(', ')}.` : ''}`,
  })
}

function barsOf(entry) {
  return MEASURES.map((measure) => {
    const value = entry[measure]
    if (!Number.isFinite(value)) throw new Error(`${entry.provider} has no ${measure}.`)
    return { name: measure, value, shown: `${value.toFixed(1)} s` }
  })
}
