import { createLag, observe } from './visibility.mjs'

/**
 * @typedef {object} WorldOptions
 * @property {() => number} now clock of the server in milliseconds
 * @property {ReturnType<import('./random.mjs').createRandom>} random
 * @property {object} settings of the server
 */

/**
 * The state of a fake provider. A subclass sets `courses`, the plans of its objects, and may set `processes`, which run
 * in place of them.
 */
export class World {
  /** @type {import('./courses.mjs').Courses} */
  courses
  /** @type {import('./processes.mjs').Processes | undefined} */
  processes

  #sequence = 0

  /** @param {WorldOptions} options */
  constructor({ now, random, settings }) {
    Object.assign(this, { now, random, settings })
  }

  /** Sets the plan of the next object, whatever its subject. */
  planNext(plan) {
    this.courses.planNext(plan)
  }

  /** Returns a read's view of an object, and counts the read. */
  observe(object, kind) {
    return observe(object, kind, this.now())
  }

  /** Returns whether a read of this kind shows the object. Counts the read. */
  isSeen(object, kind) {
    return this.observe(object, kind) !== 'gone'
  }

  /** Resolves when all that runs in place of the objects has ended. */
  async close() {
    this.courses.close()
    await this.processes?.close()
  }

  timestamp() {
    return new Date(this.now()).toISOString()
  }

  /** Returns the fields of every new record. */
  record(id) {
    const when = this.timestamp()
    return { id, sequence: this.nextSequence(), createdAt: when, updatedAt: when, deletedAt: null }
  }

  /** Returns the place of a new object in the order of creation. */
  nextSequence() {
    return (this.#sequence += 1)
  }

  /** Starts a delay of reads. @param {import('./visibility.mjs').Delay} delay */
  createLag(delay) {
    return createLag(delay, this.now())
  }

  /** Marks an object as deleted. @param {import('./visibility.mjs').Delay} stale how long reads still show it */
  markDeleted(object, stale) {
    object.deletedAt = this.timestamp()
    object.stale = this.createLag(stale)
  }
}
