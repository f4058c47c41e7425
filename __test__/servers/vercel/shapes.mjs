// Checks of JSON values, small enough to be read beside the tables of reference/vercel.md. A check gets a value and its
// name, and gives what is wrong in words that never hold the value itself, which may be a secret.

/** @typedef {(value: unknown, name: string) => string | undefined} Check */

/** @param {{ pattern?: RegExp, minimum?: number, maximum?: number }} [limits] @returns {Check} */
export const text =
  ({ pattern, minimum = 0, maximum = Infinity } = {}) =>
  (value, name) => {
    if (typeof value !== 'string') return `${name} must be a string`
    if (value.length < minimum) return `${name} must not be empty`
    if (value.length > maximum) return `${name} must have at most ${maximum} characters`
    if (pattern && !pattern.test(value)) return `${name} must match ${pattern}`
    return undefined
  }

/** @returns {Check} */
export const integer =
  ({ minimum = -Infinity, maximum = Infinity, except = [] } = {}) =>
  (value, name) => {
    if (!Number.isInteger(value)) return `${name} must be an integer`
    if (value < minimum) return `${name} must be at least ${minimum}`
    if (value > maximum) return `${name} must be at most ${maximum}`
    if (except.includes(value)) return `${name} must not be ${value}`
    return undefined
  }

/** @type {Check} */
export const flag = (value, name) => (typeof value === 'boolean' ? undefined : `${name} must be a boolean`)

/** @returns {Check} */
export const oneOf = (values) => (value, name) =>
  values.includes(value) ? undefined : `${name} must be one of ${values.join(', ')}`

/** @param {Check} item @returns {Check} */
export const list =
  (item, { maximum = Infinity, unique = false } = {}) =>
  (value, name) => {
    if (!Array.isArray(value)) return `${name} must be an array`
    if (value.length > maximum) return `${name} must have at most ${maximum} entries`
    if (unique && new Set(value).size < value.length) return `${name} must not hold an entry twice`
    return first(value, (entry, index) => item(entry, `${name}[${index}]`))
  }

/** An object with keys of the caller's choice. @param {Check} item @returns {Check} */
export const map =
  (item, { maximum = Infinity } = {}) =>
  (value, name) => {
    if (!isObject(value)) return `${name} must be an object`
    if (Object.keys(value).length > maximum) return `${name} must have at most ${maximum} entries`
    return first(Object.entries(value), ([key, entry]) => item(entry, `${name}.${key}`))
  }

/**
 * An object with these keys and no other.
 *
 * @param {Record<string, Check>} fields
 * @param {string[]} [required]
 * @returns {Check}
 */
export const object =
  (fields, required = []) =>
  (value, name) => {
    if (!isObject(value)) return `${name} must be an object`
    const missing = required.find((field) => value[field] === undefined)
    if (missing !== undefined) return `${name}.${missing} is missing`
    return first(Object.entries(value), ([field, entry]) =>
      Object.hasOwn(fields, field) ? fields[field](entry, `${name}.${field}`) : `${name} has an unknown field ${field}`,
    )
  }

/** What Vercel knows and nobody here needs. @type {Check} */
export const unmodelled = (_value, name) => `${name} is valid for Vercel; this test server does not model it`

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)

function first(entries, check) {
  for (const [index, entry] of entries.entries()) {
    const complaint = check(entry, index)
    if (complaint) return complaint
  }
  return undefined
}
