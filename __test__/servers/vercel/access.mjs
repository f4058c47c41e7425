// Identifies the caller, and what the credential reaches (docs/providers/vercel.md).
import { forbidden, invalidToken, missingToken, projectNotFound, violation } from './errors.mjs'

/**
 * @typedef {object} Caller
 * @property {'access' | 'oidc'} kind
 * @property {Set<string>} [teams] ids; default: every team
 * @property {Set<string>} [projects] ids; default: every project of its teams
 * @property {Set<string>} [may] `create`, `read`, `delete`, `command`; default: all
 * @property {number} [expiresAt] milliseconds
 *
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {import('./world.mjs').World} world
 * @param {{ invalidTokenStatus: number }} settings
 * @returns {Caller}
 */
export function identify(headers, world, { invalidTokenStatus }) {
  const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
  if (!token) throw missingToken()
  const caller = world.tokens.get(token)
  if (!caller || caller.expiresAt <= world.now()) throw invalidToken(invalidTokenStatus)
  return caller
}

/**
 * Returns the team that the query names, by id or slug.
 *
 * @param {Caller} caller
 * @param {{ teamId?: string, slug?: string }} query
 * @param {string} right which the request needs
 */
export function authorizeTeam(caller, { teamId, slug }, right, world) {
  // Optional in the OpenAPI document. Both SDKs always send it, so a request without it is a client's mistake.
  if (teamId === undefined && slug === undefined) throw violation('query', 'teamId is missing')
  const team = world.findTeam(teamId ?? slug)
  if (!team || (caller.teams && !caller.teams.has(team.id))) throw forbidden()
  if (caller.may && !caller.may.has(right)) throw forbidden()
  return team
}

/**
 * Returns the project that the request names, by id or slug. With an OIDC token it may be missing.
 *
 * @param {Caller} caller
 * @param {string | undefined} reference
 * @param {object} team
 * @param {{ foreignProject: 'not_found' | 'forbidden' }} settings
 */
export function authorizeProject(caller, reference, team, world, { foreignProject }) {
  if (reference === undefined && caller.kind !== 'oidc') throw violation('project', 'the project is missing')
  const project = world.findProject(reference ?? [...caller.projects][0], team)
  if (!project) throw foreignProject === 'forbidden' ? forbidden() : projectNotFound()
  if (caller.projects && !caller.projects.has(project.id)) throw forbidden()
  return project
}
