import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { Ajv } from 'ajv'

import { COMPILING } from '../shared/schema.mjs'

// Render's own document. It carries no licence, so it is next to the checkout or missing.
const file = new URL('../../../../shared/reference/render-openapi.json', import.meta.url)

/** By the service's type: taken literally, the document's union refuses every body (docs/contributing/testing.md). */
const DETAILS = {
  static_site: 'staticSiteDetails',
  web_service: 'webServiceDetails',
  private_service: 'privateServiceDetails',
  background_worker: 'backgroundWorkerDetails',
  cron_job: 'cronJobDetails',
}

/** @type {Promise<OpenApi> | undefined} */
let loading

/** Render's document, read once per process; `undefined` if the file is missing. */
export function loadOpenApi() {
  if (!existsSync(file)) return undefined
  loading ??= readFile(file, 'utf8').then((content) => new OpenApi(JSON.parse(content)))
  return loading
}

class OpenApi {
  #ajv = new Ajv({ ...COMPILING, strict: false, allErrors: true })

  constructor(document) {
    const { schemas } = document.components
    // The document is older than the present names of plans.
    schemas.plan = schemas.paidPlan = { type: 'string' }
    for (const [type, details] of Object.entries(DETAILS)) {
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
