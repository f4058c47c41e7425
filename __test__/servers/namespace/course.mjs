// The steps of an instance's life.

/** @typedef {string | { status: string, shutdownReasons?: object[] }} Step */

/** @type {Record<string, Step[]>} */
export const PLANS = {
  runs: ['PENDING', 'CREATING', 'RUNNING'],
  fails: ['PENDING', 'CREATING', 'ERROR'],
  never: ['PENDING', 'CREATING'],
  /** Ready, and down at once: an instance ends with its container (docs/providers/namespace.md). */
  crashes: ['CREATING', 'RUNNING', 'ERROR'],
  vanishes: ['PENDING', 'CREATING', 'DESTROYED'],
}

/** The steps after DestroyInstance (docs/providers/namespace.md). */
export const ENDING = ['DESTROYING', 'DESTROYED']

/**
 * One instance's course through a plan. It moves one step with each read of the instance, so that a test need not
 * wait; with `stepMilliseconds` it moves by the server's clock instead.
 */
export class Course {
  #index = 0
  #since

  /**
   * @param {Step[]} steps
   * @param {{ now: number, stepMilliseconds?: number }} options
   */
  constructor(steps, { now, stepMilliseconds }) {
    this.steps = steps.map((step) => (typeof step === 'string' ? { status: step } : step))
    this.stepMilliseconds = stepMilliseconds
    this.#since = now
  }

  get step() {
    return this.steps[this.#index]
  }

  get isAtEnd() {
    return this.#index === this.steps.length - 1
  }

  get movesByReads() {
    return this.stepMilliseconds === undefined
  }

  /** Moves one step. @returns {boolean} whether there was one */
  advance() {
    if (this.isAtEnd) return false
    this.#index += 1
    return true
  }

  /** Moves one step if its time has come. @returns {boolean} whether it moved */
  advanceByClock(now) {
    if (this.movesByReads || this.isAtEnd || now < this.#since + this.stepMilliseconds) return false
    this.#since += this.stepMilliseconds
    return this.advance()
  }
}
