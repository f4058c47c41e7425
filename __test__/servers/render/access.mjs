import { ProviderError } from '../shared/provider-error.mjs'
import { unauthorized } from './errors.mjs'

/**
 * Identifies the caller (docs/providers/render.md). A key is a user's, and reaches every workspace of the user.
 *
 * @typedef {{ userId: string, ownerIds: Set<string> }} Caller
 *
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {Map<string, Caller>} apiKeys
 * @returns {Caller}
 */
export function identify({ authorization }, apiKeys) {
  if (authorization === undefined) throw unauthorized('a request without authorization')
  const key = /^Bearer (\S+)$/.exec(authorization)?.[1]
  if (!key) throw unauthorized('an authorization that is not "Bearer" and a key')
  const caller = apiKeys.get(key)
  if (!caller) throw unauthorized()
  return caller
}

/** Refuses a client that does not accept JSON, by 406 (Render's OpenAPI document). */
export function checkAccept({ accept }) {
  if (accept === undefined) return
  const types = accept.split(',').map((part) => part.split(';')[0].trim().toLowerCase())
  if (types.some((type) => ['*/*', 'application/*', 'application/json'].includes(type))) return
  throw new ProviderError(406, 'Not Acceptable', { violation: `accept: ${accept}`, kind: 'accept' })
}
