// Checks by JSON schema. It refuses what a schema does not name, although the provider may ignore it: an ignored field
// makes a wrong instance, and an ignored filter lists everything.
import { Ajv } from 'ajv'

// Most processes use few schemas, and each a few times: compiling has to be fast.
export const COMPILING = { code: { optimize: false }, meta: false, validateSchema: false, validateFormats: false }

// The providers count characters as JavaScript does. `separator` stands between the entries of a list in a query.
const ajv = new Ajv({ ...COMPILING, unicode: false, strictTypes: false, logger: false })
ajv.addVocabulary(['separator', 'repeatable'])

export const text = { type: 'string' }
export const word = { type: 'string', minLength: 1 }
export const flag = { type: 'boolean' }
export const oneOf = (...values) => ({ enum: values })
export const integer = (minimum, maximum) => ({ type: 'integer', minimum, ...(maximum && { maximum }) })
export const list = (items, limits) => ({ type: 'array', items, ...limits })
/** An object with keys of the caller's choice. */
export const map = (additionalProperties, limits) => ({ type: 'object', additionalProperties, ...limits })
/** An object with these keys and no other. */
export const object = (required, optional = {}) => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
})
/** A part of the provider's API that no client here uses. */
export const unmodelled = false

/**
 * Returns a function that returns what is wrong with a value, without the value, which may be a secret. It compiles the
 * schema when it is first called.
 *
 * @returns {(value: unknown, name: string) => string | undefined}
 */
export function compile(schema) {
  return (value, name) => {
    const validate = ajv.compile(schema) // which keeps it
    return validate(value) ? undefined : complaintOf(validate.errors[0], name)
  }
}

function complaintOf({ instancePath, keyword, message, params }, name) {
  const place = name + instancePath.replaceAll('/', '.')
  if (keyword === 'false schema') return `${place} is valid for the provider; this fake server does not model it`
  if (keyword === 'additionalProperties') return `${place} has an unknown field ${params.additionalProperty}`
  return `${place} ${message.replace(/^must be (?=[aeio]\w+$)/, '$&an ').replace(/^must be (?=\w+$)/, '$&a ')}`
}

/**
 * Returns a function that reads the query of a URL, as it was sent. A parameter that comes twice is refused, unless it
 * is `repeatable`.
 *
 * @param {Record<string, object>} properties a schema for each parameter
 * @param {(complaint: string) => Error} refuse
 */
export function compileQuery(properties, refuse) {
  const check = compile(object({}, properties))
  return (url) => {
    const query = Object.create(null)
    for (const [name, value] of new URLSearchParams(/\?(.*)$/s.exec(url)?.[1] ?? '')) {
      const schema = properties[name] ?? {}
      const read = readParameter(schema, value)
      if (!(name in query)) query[name] = read
      else query[name] = schema.repeatable ? query[name].concat(read) : [query[name], read]
    }
    const complaint = check(query, 'the query')
    if (complaint) throw refuse(complaint)
    return query
  }
}

function readParameter({ type, separator, repeatable }, value) {
  // Split after decoding, as usual servers do. So no value can contain a comma.
  if (separator) return value.split(separator)
  if (repeatable) return [value]
  if (type === 'boolean' && ['true', 'false'].includes(value)) return value === 'true'
  return type === 'integer' && /^\d+$/.test(value) ? Number(value) : value
}
