// Railway's own introspection result, to check requests against if it is present.
import { buildClientSchema, getVariableValues, NoDeprecatedCustomRule, validate } from 'graphql'

import { reference } from '../shared/reference.mjs'

export const loadFullSchema = reference('railway-schema.json', (text) => {
  const schema = buildClientSchema(JSON.parse(text).data, { assumeValid: true })
  return {
    schema,

    /** Returns what is wrong with the document, and its deprecated fields. */
    check(document) {
      const errors = validate(schema, document)
      const deprecations = errors.length > 0 ? [] : validate(schema, document, [NoDeprecatedCustomRule])
      return { errors, deprecations }
    },

    /** Returns what is wrong with the variables of an operation of a valid document. */
    checkVariables: (operation, variables) =>
      getVariableValues(schema, operation.variableDefinitions ?? [], variables).errors ?? [],
  }
})
