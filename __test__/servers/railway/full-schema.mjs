import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { buildClientSchema, getVariableValues, NoDeprecatedCustomRule, validate } from 'graphql'

// Railway's own introspection result. It may not be published with this repository, so it is next to the checkout or
// missing.
const file = new URL('../../../../shared/reference/railway-schema.json', import.meta.url)

/** @type {Promise<FullSchema> | undefined} */
let loading

/** Returns Railway's full schema, built once per process; `undefined` if the file is missing. */
export function loadFullSchema() {
  if (!existsSync(file)) return undefined
  loading ??= readFile(file, 'utf8').then((text) => new FullSchema(buildClientSchema(JSON.parse(text).data, { assumeValid: true })))
  return loading
}

class FullSchema {
  /** @param {import('graphql').GraphQLSchema} schema */
  constructor(schema) {
    this.schema = schema
  }

  /** Returns what is wrong with the document, and its deprecated fields. */
  check(document) {
    const errors = validate(this.schema, document)
    const deprecations = errors.length > 0 ? [] : validate(this.schema, document, [NoDeprecatedCustomRule])
    return { errors, deprecations }
  }

  /** Returns what is wrong with the variables of an operation of a valid document. */
  checkVariables(operation, variables) {
    return getVariableValues(this.schema, operation.variableDefinitions ?? [], variables).errors ?? []
  }
}
