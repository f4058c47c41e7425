/** Whether the machine is quiet enough for figures: a fixed loop takes the same time whenever it runs. */
import { performance } from 'node:perf_hooks'

const LOOPS = 40
const STEPS = 2_000_000

/** The most by which slow loops may be slower than quick ones. What else runs on the machine costs a loop a time slice. */
const LIMIT = 1.15

export class QuietWatch {
  /** @type {number[]} */
  #milliseconds = []

  /** Runs the loop some times. Called between the measures. */
  look() {
    for (let loop = 0; loop < LOOPS; loop += 1) {
      const began = performance.now()
      runLoop()
      this.#milliseconds.push(performance.now() - began)
    }
  }

  /** @returns {number} how much slower the slow loops were than the quick ones: the ninth of ten over the median */
  get spread() {
    const sorted = this.#milliseconds.toSorted((left, right) => left - right)
    const at = (share) => sorted[Math.floor(share * (sorted.length - 1))]
    return at(0.9) / at(0.5)
  }

  get isQuiet() {
    return this.spread <= LIMIT
  }

  /** @returns {string} what to tell beside the figures; empty if the machine is quiet */
  get warning() {
    if (this.isQuiet) return ''
    const percent = Math.round((this.spread - 1) * 100)
    return (
      `THE MACHINE IS NOT QUIET: one in ten runs of a fixed loop took at least ${percent} % longer than the median ` +
      `(${Math.round((LIMIT - 1) * 100)} % are allowed). The figures are noise: stop what else runs, and repeat.`
    )
  }
}

function runLoop() {
  let state = 1
  for (let step = 0; step < STEPS; step += 1) state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
  return state
}
