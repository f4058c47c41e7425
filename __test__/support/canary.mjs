import assert from 'node:assert/strict'
import { inspect, isDeepStrictEqual } from 'node:util'

/** A part of every secret of the suite. CI searches all output for it: if it shows, a secret has leaked. */
export const MARK = 'CANARY-7b1d'

/** @param {string} name distinguishes the secrets */
export const canary = (name) => `${MARK}-${name}`

export const API_KEY = canary('api-key')
export const PROJECT_TOKEN = canary('project-token')
export const ACCESS_TOKEN = canary('access-token')
export const REGISTRY_PASSWORD = canary('registry-password')

const SECRET = new RegExp(`${MARK}[\\w./+=-]*`, 'g')

/** Returns a value as text for an assertion message, without secrets: this suite must not print what it searches for. */
export function printable(value) {
  const text = typeof value === 'string' ? value : inspect(value, { depth: 8 })
  return text.replace(SECRET, '[canary]')
}

/** Returns all that a program could log of a value: hidden properties, accessors, the stack, the cause. */
export function everythingIn(value) {
  const texts = [inspect(value, { depth: 10, showHidden: true, getters: true }), String(value)]
  if (value instanceof Error) texts.push(value.message, value.stack, inspect(value.cause, { depth: 10 }))
  try {
    texts.push(JSON.stringify(value) ?? '')
  } catch {
    // What is circular was inspected above.
  }
  return texts.join('\n')
}

/** @param {string[]} [fragments] secrets, or parts of one, that do not hold the mark */
export function assertNoSecret(value, fragments = []) {
  const text = everythingIn(value)
  for (const secret of [MARK, ...fragments]) {
    const line = text.split('\n').find((candidate) => candidate.includes(secret))
    assert.equal(line && printable(line.replaceAll(secret, '[secret]')), undefined, 'a secret shows')
  }
}

/** Asserts as deepStrictEqual does, for values that may hold secrets. */
export function assertSame(actual, expected, what) {
  assert.ok(
    isDeepStrictEqual(actual, expected),
    `${what}: expected ${printable(expected)}, got ${printable(actual)}; the difference may lie in what is masked`,
  )
}
