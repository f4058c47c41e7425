import { badQuery } from './errors.mjs'

/**
 * Query parameters, strictly: what a route does not know is refused, though Render may ignore it. A filter that is
 * ignored shows somebody everything (reference/render.md §11.2).
 *
 * @typedef {(text: string, name: string) => unknown} Reader
 */

/** One parameter with a comma between the values (§6). @returns {Reader} */
export const list = (allowed) => (text, name) => {
  // Split after decoding, as the usual servers do: a value with a comma in it cannot be asked for.
  const values = text.split(',')
  if (values.includes('')) throw badQuery(`an empty value in ${name}`)
  const unknown = allowed && values.find((value) => !allowed.includes(value))
  if (unknown !== undefined) throw badQuery(`${name}: ${unknown}`)
  return values
}

/** A parameter that may come several times (§8). @returns {Reader & { repeatable: true }} */
export const repeatable = () => Object.assign((text) => [text], { repeatable: true })

/** @type {Reader} */
export const boolean = (text, name) => {
  if (text !== 'true' && text !== 'false') throw badQuery(`${name}: ${text}`)
  return text === 'true'
}

/** @type {Reader} */
export const text = (value, name) => {
  if (value === '') throw badQuery(`an empty ${name}`)
  return value
}

/** 1 to 100; what Render makes of more is not known (§6). @type {Reader} */
export const limit = (value, name) => {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < 1 || number > 100) throw badQuery(`${name}: ${value}`)
  return number
}

/**
 * @param {string} url path and query as sent
 * @param {Record<string, Reader>} rules
 */
export function readQuery(url, rules) {
  const at = url.indexOf('?')
  const query = {}
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : url.slice(at + 1))) {
    if (!Object.hasOwn(rules, name)) throw badQuery(`unknown parameter ${name}`)
    const read = rules[name](value, name)
    if (!Object.hasOwn(query, name)) query[name] = read
    else if (rules[name].repeatable) query[name].push(...read)
    else throw badQuery(`${name} more than once`)
  }
  return query
}
