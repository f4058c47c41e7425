import { problem } from './errors.mjs'

/**
 * Returns one page in the manner of Relay, forwards: `edges { cursor node }` and `pageInfo`, no total (Railway's
 * schema). The cursor holds the object's place in the order of creation, so that it stays valid when the
 * object is deleted.
 *
 * @template {{ sequence: number }} T
 * @param {T[]} objects in the order of creation
 * @param {{ first?: number | null, after?: string | null }} page
 * @param {{ pageSizeDefault: number, pageSizeMaximum: number }} sizes
 * @param {(object: T) => unknown} present
 */
export function paginate(objects, { first, after }, { pageSizeDefault, pageSizeMaximum }, present) {
  if (first < 0) throw problem()
  const from = after ? decode(after) : -Infinity
  const within = objects.filter(({ sequence }) => sequence > from)
  // `first: 0` legally requests no entry. Railway's command line uses it.
  const page = within.slice(0, Math.min(first ?? pageSizeDefault, pageSizeMaximum))
  const edges = page.map((object) => ({ cursor: encode(object), node: present(object) }))
  return { edges, pageInfo: { hasNextPage: within.length > page.length, endCursor: edges.at(-1)?.cursor ?? null } }
}

const encode = ({ sequence }) => Buffer.from(`sequence:${sequence}`).toString('base64url')

function decode(cursor) {
  const match = /^sequence:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw problem()
  return Number(match[1])
}
