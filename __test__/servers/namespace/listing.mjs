// One page of ListInstances (docs/providers/namespace.md).
import { createHash } from 'node:crypto'

import { timestampMs } from '@bufbuild/protobuf/wkt'

import { invalidArgument } from './errors.mjs'

/** LabelFilterOp */
const OPERATORS = {
  1: (value, wanted) => value === wanted,
  // It is not on record whether an instance without the label counts as different.
  2: (value, wanted) => value !== wanted,
  3: (value) => value !== undefined,
}

/** The first byte of a cursor, whose base64 needs the standard alphabet. The request's digest and the place follow. */
const FIRST_BYTE = 0xfb
const DIGEST_BYTES = 4
const CURSOR_BYTES = 1 + DIGEST_BYTES + 4

/**
 * @param {import('./world.mjs').Instance[]} instances of the endpoint, in the order of creation
 * @param {object} request ListInstancesRequest
 * @param {object} settings of the server
 * @param {(instance: import('./world.mjs').Instance) => { status: string } | undefined} see
 * @returns {{ entries: { instance: object, view: { status: string, destroyedAt?: number } }[],
 *   paginationCursor?: Uint8Array }}
 */
export function page(instances, request, settings, see) {
  const { labelFilter, notOlderThan, includeCompleteRuns } = request
  if (labelFilter.some(({ op, name }) => !(op in OPERATORS) || name === '')) throw invalidArgument('label_filter')
  if (request.maxEntries < 0n) throw invalidArgument('max_entries')
  const states = includeCompleteRuns ? settings.statesOfCompleteList : settings.statesOfList
  const asked = digest(request)
  const from = readCursor(request.paginationCursor, asked)

  const fits = (instance) =>
    labelFilter.every((entry) => OPERATORS[entry.op](valueOf(instance, entry.name), entry.value)) &&
    (!notOlderThan || instance.createdAt >= timestampMs(notOlderThan))

  const newest = settings.listOrder === 'newest'
  const ordered = newest ? instances.toReversed() : instances
  const rest = ordered.filter(({ sequence }) => from === undefined || (newest ? sequence < from : sequence > from))
  const size = Math.min(Number(request.maxEntries) || settings.pageSizeDefault, settings.pageSizeMaximum)
  const entries = []
  for (const [looked, instance] of rest.entries()) {
    // A page that is filtered afterwards may be short or empty, and not the last.
    if ((settings.sparsePages ? looked : entries.length) === size) {
      return { entries, paginationCursor: writeCursor(rest[looked - 1].sequence, asked) }
    }
    const view = fits(instance) ? see(instance) : undefined
    if (view && states.includes(view.status)) entries.push({ instance, view })
  }
  return { entries }
}

const valueOf = ({ labels }, wanted) => labels.find(({ name }) => name === wanted)?.value

/** Returns the digest that binds a cursor to its request, which a client has to repeat with the cursor. */
function digest({ labelFilter, notOlderThan, includeCompleteRuns, maxEntries }) {
  const entries = labelFilter.map(({ name, value, op }) => [name, value, op])
  const seconds = notOlderThan ? [String(notOlderThan.seconds), notOlderThan.nanos] : null
  const text = JSON.stringify([entries, seconds, includeCompleteRuns, String(maxEntries)])
  return createHash('sha256').update(text).digest().subarray(0, DIGEST_BYTES)
}

function writeCursor(sequence, asked) {
  const bytes = Buffer.alloc(CURSOR_BYTES)
  bytes[0] = FIRST_BYTE
  asked.copy(bytes, 1)
  bytes.writeUInt32BE(sequence, 1 + DIGEST_BYTES)
  return new Uint8Array(bytes)
}

/** @returns {number | undefined} the place after which to go on */
function readCursor(cursor, asked) {
  if (cursor.length === 0) return undefined
  const bytes = Buffer.from(cursor)
  if (bytes.length !== CURSOR_BYTES || bytes[0] !== FIRST_BYTE) throw invalidArgument('pagination_cursor')
  if (!bytes.subarray(1, 1 + DIGEST_BYTES).equals(asked)) throw invalidArgument('pagination_cursor of another request')
  return bytes.readUInt32BE(1 + DIGEST_BYTES)
}
