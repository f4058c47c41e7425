/** What is to be reached, as ratios within one run. A goal that is not reached fails nothing: it is to be explained. */

/**
 * @param {(step: string, metric: string, above: string, below: string) => number} ratio of two contestants
 * @param {number} importMilliseconds
 * @returns {{ title: string, value: number, goal: number, most?: boolean, unit?: string, reached: boolean }[]}
 */
export function judge(ratio, importMilliseconds) {
  const goals = [
    ['create, 16 abreast: throughput, ours over fetch', ratio('create 16', 'perSecond', 'addon', 'fetch'), 12],
    ['create, 16 abreast: throughput, ours over undici', ratio('create 16', 'perSecond', 'addon', 'undici'), 5],
    ['create, 16 abreast: throughput, ours over bare hyper', ratio('create 16', 'perSecond', 'addon', 'bare'), 0.5],
    ['create, 16 abreast: main thread, fetch over ours', ratio('create 16', MAIN, 'fetch', 'addon'), 30],
    ['create alone: p50, ours over fetch', ratio('create 1', 'p50Microseconds', 'addon', 'fetch'), 0.45, AT_MOST],
    ['list of 100: throughput, ours over fetch', ratio('list of 100', 'perSecond', 'addon', 'fetch'), 2.5],
    ['list of 100: main thread, fetch over ours', ratio('list of 100', MAIN, 'fetch', 'addon'), 6],
    ['list of 20000: throughput, ours over fetch', ratio('list of 20000', 'perSecond', 'addon', 'fetch'), 1.5],
    ['list of 20000: main thread, fetch over ours', ratio('list of 20000', MAIN, 'fetch', 'addon'), 1.5],
    ['memory after many creates, ours over fetch', ratio('memory', 'rssMebibytes', 'addon', 'fetch'), 0.45, AT_MOST],
    ['import in a cold process, over an empty one (ms)', importMilliseconds, 5, AT_MOST],
    ['cold burst of 64, TLS, 30 ms: ours over fetch', ratio('burst', 'coldMilliseconds', 'addon', 'fetch'), 0.5, AT_MOST],
  ]
  return goals.map(([title, value, goal, atMost = false]) => {
    return { title, value, goal, atMost, reached: atMost ? value <= goal : value >= goal }
  })
}

const AT_MOST = true

/** What the goals for the main thread are about; docs/performance.md says why it is this figure and not the other. */
export const MAIN = 'loopActiveMicroseconds'
