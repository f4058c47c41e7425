// Identifies the caller, and what they may do (docs/providers/namespace.md).
import { permissionDenied, unauthenticated } from './errors.mjs'

/** What a token can be granted here. */
export const ACTIONS = ['create', 'destroy', 'get', 'list', 'wait']

const ACTION_OF = {
  CreateInstance: 'create',
  DescribeInstance: 'get',
  ListInstances: 'list',
  DestroyInstance: 'destroy',
  WaitInstanceSync: 'wait',
}

/**
 * @typedef {object} Caller
 * @property {string} workspaceId
 * @property {string} actorId
 * @property {string[]} actions
 * @property {number} expiresAt
 *
 * @param {string | null | undefined} authorization the header
 * @param {string} method that is asked for
 * @param {import('./world.mjs').World} world
 * @returns {Caller} who may do it; the grant is looked at before anything else is, also for an unknown id
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
 * A token of one of Namespace's forms. Clients may decode the claims to warn early; nobody checks the signature here.
 *
 * @param {object} options
 * @param {'revocable' | 'tenant' | 'workload'} options.kind revocable: opaque; the others: a JWT behind the prefix
 * @param {string} options.workspaceId
 * @param {string} options.actorId
 * @param {string} options.region
 * @param {number} options.expiresAt
 * @param {string} options.secret the part that nobody can make up
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
