// Identifies the caller, and checks the caller's rights (docs/providers/namespace.md).
import { permissionDenied, unauthenticated } from './errors.mjs'

/** The rights of a token. */
export const ACTIONS = ['create', 'destroy', 'get', 'list', 'wait']

const ACTION_OF = {
  CreateInstance: 'create',
  DescribeInstance: 'get',
  ListInstances: 'list',
  DestroyInstance: 'destroy',
  WaitInstanceSync: 'wait',
}

/**
 * @typedef {{ workspaceId: string, actorId: string, actions: string[], expiresAt: number }} Caller
 *
 * @param {string | null | undefined} authorization the header
 * @param {string} method of the request
 * @param {import('./world.mjs').World} world
 * @returns {Caller} a caller with the right to it; the right is checked first, also for an unknown id
 */
export function admit(authorization, method, world) {
  const token = /^Bearer ([!-~]+)$/i.exec(authorization ?? '')?.[1]
  if (!token) throw unauthenticated('no bearer token')
  const caller = world.tokens.get(token)
  if (!caller) throw unauthenticated('unknown token')
  if (world.now() >= caller.expiresAt) throw unauthenticated('token expired')
  const action = ACTION_OF[method]
  if (!caller.actions.includes(action)) throw permissionDenied(action)
  return caller
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * Makes a token of one of Namespace's forms. Clients may decode the claims to warn early. This server does not check
 * the signature.
 *
 * @param {{ kind: 'revocable' | 'tenant' | 'workload', workspaceId: string, actorId: string, region: string,
 *   expiresAt: number, secret: string }} options revocable: opaque; the others: a JWT behind the prefix
 */
export function formToken({ kind, workspaceId, actorId, region, expiresAt, secret }) {
  if (kind === 'revocable') return `nsrt_${secret}`
  const claims = {
    tenant_id: workspaceId,
    actor_id: actorId,
    primary_region: region,
    ...(Number.isFinite(expiresAt) && { exp: Math.floor(expiresAt / 1000) }),
  }
  const prefix = kind === 'tenant' ? 'nsct_' : 'nscw_'
  return `${prefix}${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}.${secret}`
}
