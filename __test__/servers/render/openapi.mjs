// Checks by Render's own document, if it is present. It carries no licence.
import { Ajv } from 'ajv'

import { reference } from '../shared/reference.mjs'
import { COMPILING } from '../shared/schema.mjs'
import { TYPES } from './world.mjs'

class OpenApi {
  #ajv = new Ajv({ ...COMPILING, strict: false, allErrors: true })

  constructor(document) {
    const { schemas } = document.components
    // The document is older than the present names of plans.
    schemas.plan = schemas.paidPlan = { type: 'string' }
    // By the service's type: taken literally, the document's union refuses every body (docs/contributing/testing.md).
    for (const type of Object.keys(TYPES)) {
      const details = `${type.replace(/_(.)/g, (_match, letter) => letter.toUpperCase())}Details`
      schemas[`servicePOST.${type}`] = withDetails(schemas.servicePOST, `${details}POST`)
      schemas[`service.${type}`] = withDetails(schemas.service, details)
    }
    this.#ajv.addSchema(document, 'render')
  }

  /** Returns what is wrong with a body of `POST /services`. @returns {string[]} */
  checkCreate(body) {
    return this.check(`servicePOST.${body.type}`, body)
  }

  /** Returns what is wrong with a service of an answer. @returns {string[]} */
  checkService(service) {
    return this.check(`service.${service.type}`, service)
  }

  /** @returns {string[]} */
  check(name, value) {
    const validate = this.#ajv.getSchema(`render#/components/schemas/${name}`)
    if (!validate) throw new Error(`Render's document has no schema ${name}`)
    validate(value)
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || 'it'} ${message}`)
  }
}

function withDetails(schema, details) {
  const serviceDetails = { $ref: `#/components/schemas/${details}` }
  return { ...schema, properties: { ...schema.properties, serviceDetails } }
}

export const loadOpenApi = reference('render-openapi.json', (text) => new OpenApi(JSON.parse(text)))
