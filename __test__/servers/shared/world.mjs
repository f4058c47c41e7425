/**
 * @typedef {object} WorldOptions
 * @property {() => number} now clock of the server in milliseconds
 * @property {ReturnType<import('./random.mjs').createRandom>} random
 * @property {object} settings of the server
 *
 * @typedef {{ reads?: number, readsWithin?: number, milliseconds?: number, serviceById?: boolean, showDeletedAt?:
 *   boolean }} Delay `Infinity` reads: always; readsWithin: for at most so many milliseconds, however few reads there
 *   were; showDeletedAt (the default): what was deleted is shown as deleted, not as it was before
 * @typedef {'live' | 'deleted' | 'stale' | 'gone'} View
 *   deleted: still returned, with its deletedAt · stale: still returned as it was before
 */

/** Returns the id of an object, or the id itself. */
export const idOf = (object) => (typeof object === 'string' ? object : object.id)

/**
 * The state of a fake provider. A subclass sets `courses`, the plans of its objects, and may set `processes`, which run
 * in place of them.
 *
 * Its reads can lag behind writes, without timers: by a counter per object and per kind of read. Railway was seen not
 * to show a new instance yet, and to show a deleted environment still (docs/providers/railway.md).
 */
export class World {
  /** @type {import('./courses.mjs').Courses} */
  courses
  /** @type {import('./processes.mjs').Processes | undefined} */
  processes
  /** Plans of the next objects, whatever their subjects. @type {import('./courses.mjs').Step[][]} */
  planned = []

  #sequence = 0

  /** @param {WorldOptions} options */
  constructor({ now, random, settings }) {
    Object.assign(this, { now, random, settings })
  }

  /** Sets the plan of the next object, whatever its subject. */
  planNext(plan) {
    this.planned.push(plan)
  }

  /**
   * Returns a read's view of an object, and counts the read.
   *
   * @param {{ deletedAt: string | null, lag?: object, stale?: object }} object
   * @param {string} kind e.g. `serviceInstance`, `environment.serviceInstances`
   * @returns {View}
   */
  observe({ deletedAt, lag, stale }, kind) {
    if (deletedAt === null) return this.#isHidden(lag, kind) ? 'gone' : 'live'
    if (!this.#isHidden(stale, kind)) return 'gone'
    return stale.showDeletedAt ? 'deleted' : 'stale'
  }

  /** Returns whether a delay still hides a change from this kind of read. Counts the read. */
  #isHidden(delay, kind) {
    if (!delay) return false
    // A lag of `service(id)` is not on record, only one of its instances (docs/providers/railway.md).
    if (kind === 'service' && !delay.serviceById) return false
    if (this.now() < delay.until) return true
    const seen = delay.seen.get(kind) ?? 0
    if (seen >= delay.reads || this.now() >= delay.countedUntil) return false
    delay.seen.set(kind, seen + 1)
    return true
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

  /** Starts a delay of reads. @param {Delay} delay */
  createLag({ reads = 0, readsWithin = Infinity, milliseconds = 0, serviceById = false, showDeletedAt = true }) {
    if (reads <= 0 && milliseconds <= 0) return undefined
    const now = this.now()
    const until = now + milliseconds
    return { reads, countedUntil: now + readsWithin, until, serviceById, showDeletedAt, seen: new Map() }
  }

  /** Marks an object as deleted. @param {Delay} stale how long reads still show it */
  markDeleted(object, stale) {
    object.deletedAt = this.timestamp()
    object.stale = this.createLag(stale)
  }
}
