import { badQuery } from './errors.mjs'

/**
 * Returns one page as Render cuts it: entries with a cursor each, no total and no link to the next
 * (docs/providers/render.md).
 * The page starts after the cursor's place in the order, so a cursor stays good when its own object is gone.
 *
 * @template {{ sequence: number }} T
 * @param {T[]} objects in the order of creation
 * @param {{ cursor?: string, limit: number }} page
 * @param {(object: T) => boolean} isShown called in order, until the page is full
 * @returns {{ object: T, cursor: string }[]}
 */
export function cutPage(objects, { cursor, limit }, isShown, { newestFirst = false } = {}) {
  const after = cursor === undefined ? undefined : decode(cursor)
  const page = []
  for (const object of newestFirst ? objects.toReversed() : objects) {
    if (page.length === limit) break
    const isPast = after === undefined || (newestFirst ? object.sequence < after : object.sequence > after)
    if (isPast && isShown(object)) page.push({ object, cursor: encode(object) })
  }
  return page
}

// A cursor contains `+`, `/` and `=`, which a client has to percent-encode.
const HEAD = Buffer.from([0xfb, 0xff, 0xfe])

function encode({ sequence }) {
  const tail = Buffer.alloc(4)
  tail.writeUInt32BE(sequence)
  return Buffer.concat([HEAD, tail]).toString('base64')
}

function decode(cursor) {
  const bytes = Buffer.from(cursor, 'base64')
  const isOurs = bytes.length === 7 && bytes.subarray(0, 3).equals(HEAD) && bytes.toString('base64') === cursor
  // No source has Render's answer to an invented cursor.
  if (!isOurs) throw badQuery(`the cursor ${cursor} is none that this server has given`)
  return bytes.readUInt32BE(3)
}
