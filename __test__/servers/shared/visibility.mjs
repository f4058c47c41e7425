/**
 * Makes reads lag behind writes, without timers: a counter per object and per kind of read. Railway was seen not to
 * show a new instance yet, and to show a deleted environment still (docs/providers/railway.md).
 *
 * @typedef {{ reads?: number, readsWithin?: number, milliseconds?: number, serviceById?: boolean, showDeletedAt?:
 *   boolean }} Delay `Infinity` reads: always; readsWithin: for at most so many milliseconds, however few reads there
 *   were; showDeletedAt (the default): what was deleted is shown as deleted, not as it was before
 * @typedef {'live' | 'deleted' | 'stale' | 'gone'} View
 *   deleted: still returned, with its deletedAt · stale: still returned as it was before
 */

/** Returns the id of an object, or the id itself. */
export const idOf = (object) => (typeof object === 'string' ? object : object.id)

/** @param {Delay} delay */
export function createLag({ reads = 0, readsWithin = Infinity, milliseconds = 0, ...how }, now) {
  if (reads <= 0 && milliseconds <= 0) return undefined
  const { serviceById = false, showDeletedAt = true } = how
  const until = now + milliseconds
  return { reads, countedUntil: now + readsWithin, until, serviceById, showDeletedAt, seen: new Map() }
}

/** Returns whether the object is still hidden from this kind of read. Counts the read. */
function isHidden(delay, kind, now) {
  if (!delay) return false
  // A lag of `service(id)` is not on record, only one of its instances (docs/providers/railway.md).
  if (kind === 'service' && delay.serviceById === false) return false
  if (now < delay.until) return true
  const seen = delay.seen.get(kind) ?? 0
  if (seen >= delay.reads || now >= delay.countedUntil) return false
  delay.seen.set(kind, seen + 1)
  return true
}

/**
 * Returns how a read shows an object.
 *
 * @param {{ deletedAt: string | null, lag?: object, stale?: object }} object
 * @param {string} kind e.g. `serviceInstance`, `environment.serviceInstances`
 * @returns {View}
 */
export function observe(object, kind, now) {
  if (object.deletedAt === null) return isHidden(object.lag, kind, now) ? 'gone' : 'live'
  if (!isHidden(object.stale, kind, now)) return 'gone'
  return object.stale.showDeletedAt ? 'deleted' : 'stale'
}
