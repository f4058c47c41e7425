// Query parameters and the parts of paths.
import { NAME_PATTERN } from './bodies.mjs'
import { badRequest, violation } from './errors.mjs'

/**
 * Query parameters, strictly: what a route does not know is refused, though Vercel may ignore it. A filter that is
 * ignored shows somebody everything.
 *
 * @typedef {(text: string, name: string) => unknown} Reader
 */

/** @type {Reader} */
const text = (value, name) => {
  if (value === '') throw violation('query', `an empty ${name}`)
  return value
}

/** @type {Reader} */
const flag = (value, name) => {
  if (value !== 'true' && value !== 'false') throw violation('query', `${name} must be true or false`)
  return value === 'true'
}

/** @type {Reader} */
const limit = (value, name) => {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < 1 || number > 50) throw violation('query', `${name} must be 1 to 50`)
  return number
}

/** @returns {Reader} */
const oneOf = (values) => (value, name) => {
  if (!values.includes(value)) throw violation('query', `${name} must be one of ${values.join(', ')}`)
  return value
}

/** One filter only, `key:value` (reference/vercel.md §6); only the first colon divides. @type {Reader} */
const tag = (value, name) => {
  const at = value.indexOf(':')
  if (at < 1) throw violation('query', `${name} must be key:value`)
  return [value.slice(0, at), value.slice(at + 1)]
}

const TEAM = { teamId: text, slug: text }

export const QUERIES = {
  team: TEAM,
  project: { ...TEAM, projectId: text },
  getSandbox: { ...TEAM, projectId: text, resume: flag },
  deleteSandbox: { ...TEAM, projectId: text, deleteOrphanSnapshots: flag },
  listSandboxes: {
    ...TEAM,
    project: text,
    limit,
    cursor: text,
    sortBy: oneOf(['createdAt', 'name', 'statusUpdatedAt', 'currentSnapshotId']),
    sortOrder: oneOf(['asc', 'desc']),
    namePrefix: text,
    status: oneOf(['running', 'stopping', 'stopped']),
    tags: tag,
  },
  getCommand: { ...TEAM, wait: flag },
}

/**
 * @param {string} url path and query as sent
 * @param {Record<string, Reader>} rules
 */
export function readQuery(url, rules) {
  const at = url.indexOf('?')
  const query = {}
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : url.slice(at + 1))) {
    if (!Object.hasOwn(rules, name)) throw violation('query', `unknown parameter ${name}`)
    if (Object.hasOwn(query, name)) throw violation('query', `${name} more than once`)
    query[name] = rules[name](value, name)
  }
  return query
}

/** What goes together in a listing (§6). */
export function checkListing({ sortBy = 'createdAt', namePrefix, status }) {
  if (namePrefix !== undefined && sortBy !== 'name') throw badRequest('Invalid request: namePrefix needs sortBy=name.')
  if (status !== undefined && sortBy !== 'createdAt') {
    throw badRequest('Invalid request: status needs sortBy=createdAt.')
  }
}

/** A part of a path: what is no id of ours must never have been pasted into one. */
export function checkPathPart(value, name) {
  if (!NAME_PATTERN.test(value)) throw violation('path', `${name} is not of the form of one`)
}
