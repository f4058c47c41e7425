// What has to hold of every call, whatever it was given and whatever was answered.
import { readFileSync } from 'node:fs'

import { isGatewayError } from '@computesdk/gateway'

import { everythingIn, MARK, printable } from '../support/canary.mjs'

/** Every secret begins with `MARK` and ends with one of these: a part of one that is left shows too. */
export const END = 'DNE7b1d'
export const END_OF_VARIABLE = 'DNE4c2e'
/** With letters that each spelling writes in its own way. */
export const secret = (name) => `${MARK}-secret-${name}-(it's~!)&<ä>/"-${END}`
export const variable = (name) => `${MARK}-variable-${name}-(it's~!)&<ä>/"-${END_OF_VARIABLE}`
/** A credential holds visible ASCII alone. */
export const credential = (name) => `${MARK}-secret-${name}-(it's~!)&<a>/-${END}`

const types = readFileSync(new URL('../../dts-header.d.ts', import.meta.url), 'utf8')
const CODES = new Set(/type GatewayErrorCode =([^]*?)\n\n/.exec(types)[1].match(/\b[A-Z_]+\b/g))

/** Requests of each API, as they look on the wire. An id holds no dot alone, no slash and no control character. */
const ID = String.raw`(?!\.{1,2}(?:[/?]|$)|%2e)(?:[\w~.:@!$&'()*+,;=-]|%(?!0|1|2[EeFf]|5[Cc]|7[Ff])[\dA-F]{2})+`
const ROUTES = {
  railway: [/^POST \/graphql\/v2\?source=computesdk_gateway$/],
  render: [
    `POST /services`,
    `GET /services`,
    `(GET|DELETE) /services/${ID}`,
    `GET /services/${ID}/deploys(/${ID})?`,
  ].map((route) => new RegExp(`^${route.replace(' /', ' /v1/')}(\\?[^#\\s]*)?$`)),
  namespace: [/^POST \/namespace\.cloud\.compute\.v1beta\.ComputeService\/((Create|Describe|Destroy)Instance|ListInstances)$/],
  vercel: [
    `POST /v3/sandboxes`,
    `GET /v2/sandboxes`,
    `(GET|DELETE) /v2/sandboxes/${ID}`,
    `(GET|POST) /v2/sandboxes/sessions/${ID}/cmd`,
    `GET /v2/sandboxes/sessions/${ID}/cmd/${ID}(/logs)?`,
  ].map((route) => new RegExp(`^${route.replace(' /', ' /api/')}\\?[^#\\s]*$`)),
}

/** Returns what is wrong with a request; nothing if it is one of the provider's API, with the credential of its case. */
export function checkRequest(provider, { method, target, headers }, own) {
  const line = `${method} ${target}`
  if (!ROUTES[provider].some((route) => route.test(line))) return `a request to another path: ${JSON.stringify(line)}`
  const sent = headers['authorization'] ?? headers['project-access-token'] ?? ''
  if (!sent.endsWith(own)) return 'a request with a credential that is not its own'
  return undefined
}

/** Returns what is wrong with what a call has thrown or rejected with. */
export function checkError(error, { provider, operation, thoroughly }) {
  if (!isGatewayError(error)) return `no error of the package: ${printable(error)}`
  const { code } = error
  if (!CODES.has(code)) return `an unknown code: ${printable(code)}`
  if (code === 'INTERNAL') return `INTERNAL: ${printable(error.message)}`
  if (error.provider !== provider || error.operation !== operation) {
    return `an error of ${error.provider}.${error.operation}`
  }
  if (typeof error.retryable !== 'boolean' || error.message === '') return `an error without a message or retryable`
  const text = thoroughly ? everythingIn(error) : `${error.message}\n${error.stack}\n${JSON.stringify(error)}`
  return showsSecret(text) ? `a secret in an error: ${printable(text)}` : undefined
}

const showsSecret = (text) => [MARK, END, END_OF_VARIABLE].some((part) => text.includes(part))
/** A variable's value is masked in errors alone: a short one may well be a region or a name. */
const showsCredential = (text) => text.includes(`${MARK}-secret`) || text.includes(END)

/** Returns what is wrong with what a call has resolved to. */
export async function checkResult(operation, result, { askedId, accepts }) {
  if (operation === 'destroy') return result === undefined ? undefined : `destroy gives ${printable(result)}`
  if (showsCredential(JSON.stringify(result) ?? '')) return `a secret in a result: ${printable(result)}`
  if (operation === 'list') {
    if (!Array.isArray(result)) return `list gives ${printable(result)}`
    // More than these would only cost time.
    for (const each of result.slice(0, 20)) {
      const wrong = await checkProvisioned(each, accepts)
      if (wrong) return wrong
    }
    return undefined
  }
  if (operation === 'getById') {
    if (result === null) return undefined
    if (result?.instanceId !== askedId) return `getById of ${askedId} gives ${printable(result)}`
  }
  return checkProvisioned(result, accepts)
}

async function checkProvisioned(value, accepts) {
  const { instance, instanceId } = value ?? {}
  if (typeof instance !== 'object' || instance === null) return `no instance: ${printable(value)}`
  const isAccepted = typeof instanceId === 'string' && (await accepts(instanceId))
  return isAccepted ? undefined : `an id that getById refuses: ${printable(instanceId)}`
}
