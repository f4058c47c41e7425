// Checks by shapes that are derived from Vercel's OpenAPI document and SDK, if they are present.
import Ajv from 'ajv/dist/2020.js'

import { reference } from '../shared/reference.mjs'
import { COMPILING } from '../shared/schema.mjs'

class FullSchema {
  #ajv = new Ajv({ ...COMPILING, strict: false, allErrors: true })
  #operations

  /** @param {{ $defs: object, operations: object[], openapiRequired: object, examples: object }} document */
  constructor({ $defs, operations, openapiRequired, examples }) {
    this.#ajv.addSchema({ $id: 'vercel', $defs })
    this.#operations = new Map(operations.map((operation) => [operation.id, operation]))
    this.openapiRequired = openapiRequired
    this.examples = examples
  }

  /** Returns what is wrong with a value of a shape, without the value, which may be a secret. */
  check(shape, value) {
    const validate = this.#ajv.getSchema(`vercel#/$defs/${shape}`)
    if (!validate) throw new TypeError(`no shape ${shape}`)
    if (validate(value)) return []
    return validate.errors.map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
  }

  /** Returns the document's operation. */
  operation(id) {
    return this.#operations.get(id)
  }

  checkQuery(id, names) {
    const { query } = this.operation(id)
    return names.filter((name) => !query.includes(name)).map((name) => `no query parameter ${name}`)
  }

  checkRequest(id, body) {
    const shape = this.operation(id).body
    return shape === undefined ? [] : this.check(shape, body)
  }

  checkAnswer(id, status, body) {
    if (status >= 400) return this.check('ErrorResponse', body)
    const shape = this.operation(id).response[status]
    if (shape === undefined) return [`status ${status} is not one of its`]
    return typeof shape === 'string' ? this.check(shape, body) : []
  }
}

export const loadFullSchema = reference('vercel-sandbox-schemas.json', (text) => new FullSchema(JSON.parse(text)))
