import assert from 'node:assert/strict'

import { isGatewayError } from '@computesdk/gateway'

import { assertNoSecret, printable } from './canary.mjs'

/**
 * Returns the error with which a call rejects. Fails if it is not an error of the package, or holds a secret.
 *
 * @param {Promise<unknown>} promise
 * @param {Record<string, unknown>} [expected] own properties that it must have with these values; `message` may be a
 *   RegExp; `undefined`: it must not have it
 */
export async function rejection(promise, expected = {}) {
  const [outcome] = await Promise.allSettled([promise])
  assert.equal(outcome.status, 'rejected', 'the call should have been rejected')
  return checked(outcome.reason, expected)
}

/** Returns the same for a function that has to throw. */
export function thrown(action, expected = {}) {
  let error
  try {
    action()
  } catch (caught) {
    error = caught
  }
  assert.notEqual(error, undefined, 'it should have thrown')
  return checked(error, expected)
}

function checked(error, expected) {
  assertNoSecret(error)
  assert.ok(isGatewayError(error), `not an error of ours: ${printable(error)}`)
  for (const [name, value] of Object.entries(expected)) {
    if (value instanceof RegExp) assert.match(error[name], value)
    else assert.equal(error[name], value, `${name} of: ${printable(error)}`)
    if (value === undefined) assert.ok(!Object.hasOwn(error, name), `${name} should be left out, not undefined`)
  }
  return error
}
