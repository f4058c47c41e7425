import { notAuthorized, unauthenticated, unknownProjectToken, unknownToken } from './errors.mjs'

/**
 * Identifies the caller (docs/providers/railway.md). One of the two headers is enough. A client may send one token in
 * both, and the header that fits counts.
 *
 * @typedef {{ kind?: 'account' | 'workspace' | 'project', projectId?: string, environmentId?: string,
 *   canDelete?: boolean, blank?: boolean, refusal?: Error }} Caller
 *
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {Map<string, object>} tokens
 * @returns {Caller}
 */
export function identify(headers, tokens) {
  const authorization = headers.authorization
  const projectToken = headers['project-access-token']
  const bearer = /^Bearer(?:\s+(.*))?$/i.exec(authorization ?? '')?.[1]?.trim()
  // Observed: a blank bearer token is refused even if no token is needed.
  if (authorization !== undefined && !bearer) return { blank: true, refusal: unauthenticated() }

  const project = projectToken && tokens.get(projectToken.trim())
  if (project?.kind === 'project') return project
  const account = bearer && tokens.get(bearer)
  if (account && account.kind !== 'project') return account
  if (projectToken !== undefined) return { refusal: unknownProjectToken() }
  return { refusal: authorization === undefined ? unauthenticated() : unknownToken() }
}

/**
 * Refuses what the caller may not do. A project token reaches one environment of one project, and may create and
 * delete services there.
 *
 * @param {Caller} caller
 * @param {{ projectId?: string, environmentId?: string | null, kinds?: string[] }} [target]
 *   `kinds`: token kinds allowed; without `environmentId`: the request does not name one
 */
export function authorize(caller, { projectId, environmentId, kinds } = {}) {
  if (caller.refusal) throw caller.refusal
  if (kinds && !kinds.includes(caller.kind)) throw notAuthorized()
  if (caller.kind !== 'project') return
  if (projectId !== undefined && projectId !== caller.projectId) throw notAuthorized()
  if (environmentId != null && environmentId !== caller.environmentId) throw notAuthorized()
}
