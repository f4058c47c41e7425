// Railway's own introspection result, to check requests against if it is present.
import { buildClientSchema, getVariableValues, NoDeprecatedCustomRule, validate } from 'graphql'

import { reference } from '../shared/reference.mjs'

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

export const loadFullSchema = reference(
  'railway-schema.json',
  (text) => new FullSchema(buildClientSchema(JSON.parse(text).data, { assumeValid: true })),
)
