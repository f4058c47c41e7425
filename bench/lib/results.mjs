/** Samples by step and contestant, a sample a round, and what is made of them. */
import { median, medianRatio } from './statistics.mjs'

export class Results {
  /** @type {Record<string, Record<string, Record<string, number>[]>>} */
  samples = {}

  add(step, contestant, sample) {
    const ofStep = (this.samples[step] ??= {})
    const ofContestant = (ofStep[contestant] ??= [])
    ofContestant.push(sample)
  }

  has(step, contestant) {
    return this.samples[step]?.[contestant] !== undefined
  }

  values(step, contestant, metric) {
    return (this.samples[step]?.[contestant] ?? []).map((sample) => sample[metric] ?? Number.NaN)
  }

  median(step, contestant, metric) {
    return median(this.values(step, contestant, metric))
  }

  ratio(step, metric, above, below) {
    return medianRatio(this.values(step, above, metric), this.values(step, below, metric))
  }
}
