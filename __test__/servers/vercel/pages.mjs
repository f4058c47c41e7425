// The pages of listings.
import { violation } from './errors.mjs'

/** The fields by which a listing can be sorted (Vercel's OpenAPI document, `sortBy`). */
const KEYS = {
  createdAt: ({ sandbox }) => sandbox.sequence,
  name: ({ sandbox }) => sandbox.name,
  statusUpdatedAt: ({ sandbox }) => sandbox.session.statusUpdatedAt,
  currentSnapshotId: ({ sandbox }) => sandbox.currentSnapshotId ?? '',
}

/**
 * Returns one page of a listing, by default newest first. The cursor holds a place in the order, not a record, so that
 * it stays valid when the record is deleted.
 *
 * @template {{ sandbox: object }} T
 * @param {T[]} entries all entries
 * @param {{ limit?: number, cursor?: string, sortBy?: string, sortOrder?: string }} query
 * @param {(entry: T) => boolean} fits the filters
 * @param {{ pageSizeDefault: number, pageSizeMaximum: number, emptyLastPage: boolean, filterPages: boolean }} settings
 */
export function paginate(entries, { limit, cursor, sortBy = 'createdAt', sortOrder = 'desc' }, fits, settings) {
  const size = Math.min(limit ?? settings.pageSizeDefault, settings.pageSizeMaximum)
  const direction = sortOrder === 'asc' ? 1 : -1
  const place = (entry) => [KEYS[sortBy](entry), entry.sandbox.sequence]
  const order = (one, other) => direction * (compare(one[0], other[0]) || compare(one[1], other[1]))
  const after = cursor === undefined ? undefined : decode(cursor, sortBy, sortOrder)
  const candidates = (settings.filterPages ? entries : entries.filter(fits))
    .filter((entry) => after === undefined || order(place(entry), after) > 0)
    .sort((one, other) => order(place(one), place(other)))
  const page = candidates.slice(0, size)
  const more = candidates.length > size || (settings.emptyLastPage && page.length > 0)
  const next = more ? encode(sortBy, sortOrder, place(page.at(-1))) : null
  const shown = settings.filterPages ? page.filter(fits) : page
  return { page: shown, pagination: { count: shown.length, next } }
}

const compare = (one, other) => (one < other ? -1 : Number(one > other))

const encode = (sortBy, sortOrder, place) =>
  Buffer.from(JSON.stringify({ sortBy, sortOrder, place })).toString('base64url')

/** Reads a cursor. It belongs to its listing; any other text is refused. */
function decode(cursor, sortBy, sortOrder) {
  try {
    const known = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (known.sortBy === sortBy && known.sortOrder === sortOrder && Array.isArray(known.place)) return known.place
  } catch {
    // Refused like a cursor of another listing.
  }
  throw violation('query', 'the cursor is not one of this listing')
}
