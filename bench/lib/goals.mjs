/** What is to be reached, as ratios within one run and as differences. A goal that is not reached fails nothing: it is to be explained. */

/**
 * @param {import('./results.mjs').Results} results
 * @param {number} importMilliseconds
 * @returns {{ title: string, value: number, goal: number, atMost: boolean, reached: boolean }[]}
 */
export function checkGoals(results, importMilliseconds) {
  const ratio = (step, metric, above, below) => results.ratio(step, metric, above, below)
  const ours = (step, metric) => ratio(step, metric, 'addon', 'undici')
  const gain = (step, metric) => ratio(step, metric, 'undici', 'addon')
  const lists = [100, 20_000].flatMap((services) => {
    const step = `list of ${services}`
    return [
      [`${step}: calls a second, over undici`, ours(step, CALLS), 2.2],
      [`${step}: main thread, undici over ours`, gain(step, MAIN), services === 100 ? 7 : 5],
      [`${step}: processor time of the process, over undici`, ours(step, PROCESS), 0.55, AT_MOST],
    ]
  })
  const goals = [
    ['create, 16 abreast: calls a second, over undici', ours('create 16', CALLS), 1.5],
    ['create, 16 abreast: share of bare hyper', ratio('create 16', CALLS, 'addon', 'bare'), 0.4],
    ['create, 16 abreast: main thread, undici over ours', gain('create 16', MAIN), 8],
    ['create, 16 abreast: processor time of the process, over undici', ours('create 16', PROCESS), 0.75, AT_MOST],
    ['create alone: p50, over undici', ours('create 1', P50), 1.2, AT_MOST],
    ['create alone: p50, over fetch', ratio('create 1', P50, 'addon', 'fetch'), 0.5, AT_MOST],
    ...lists,
    ['subscribers to all channels: main thread per create, more (µs)', results.median('subscribers', 'addon', 'watchedMicroseconds'), 5, AT_MOST],
    ['no subscriber: what is asked, share of a create (%)', results.median('subscribers', 'addon', 'checkPercent'), 1, AT_MOST],
    ['memory after many creates, over undici', ours('memory', 'rssMebibytes'), 0.7, AT_MOST],
    ['cold burst of 64, TLS, 30 ms: over undici', ours('burst', 'coldMilliseconds'), 0.5, AT_MOST],
    ['import in a cold process, over an empty one (ms)', importMilliseconds, 4, AT_MOST],
  ]
  return goals.map(([title, value, goal, atMost = false]) => {
    return { title, value, goal, atMost, reached: atMost ? value <= goal : value >= goal }
  })
}

const AT_MOST = true
const CALLS = 'perSecond'
const P50 = 'p50Microseconds'
const MAIN = 'mainThreadMicroseconds'
const PROCESS = 'processMicroseconds'
