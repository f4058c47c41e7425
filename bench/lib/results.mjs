/** Samples by step and candidate, a sample a round, and what is made of them. */
import { median, medianRatio } from './statistics.mjs'

export class Results {
  /** @type {Record<string, Record<string, Record<string, number>[]>>} */
  samples = {}

  add(step, candidate, sample) {
    const ofStep = (this.samples[step] ??= {})
    const ofCandidate = (ofStep[candidate] ??= [])
    ofCandidate.push(sample)
  }

  has(step, candidate) {
    return this.samples[step]?.[candidate] !== undefined
  }

  values(step, candidate, metric) {
    return (this.samples[step]?.[candidate] ?? []).map((sample) => sample[metric] ?? Number.NaN)
  }

  median(step, candidate, metric) {
    return median(this.values(step, candidate, metric))
  }

  ratio(step, metric, above, below) {
    return medianRatio(this.values(step, above, metric), this.values(step, below, metric))
  }
}
