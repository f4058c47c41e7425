import { vercel } from '@computesdk/gateway'

import { COMMAND_PLANS, startVercelServer } from '../servers/vercel/index.mjs'
import { ACCESS_TOKEN } from './canary.mjs'
import { withFastClock } from './fast-clock.mjs'
import { closedAfterTest, createFixture, uniqueCanary } from './fixture.mjs'

/** A name of the right form, without a sandbox. */
export const ABSENT_NAME = 'computesdk-00000000000000000000'

/**
 * Starts a server with a project, and makes a provider for it. The caller closes it.
 *
 * Commands are simulated, and stay up: the package's default command would install something on this machine. A test
 * that gives a harmless `installCommand` lets it run with `server: { commandPlan: undefined }`.
 *
 * @param {object} [options]
 * @param {import('../servers/vercel/index.mjs').VercelOptions} [options.server] besides the defaults: commands stay up,
 *   and the rate limit is out of reach
 * @param {boolean} [options.oidc] the credential is an OIDC token instead of token, team and project
 * @param {import('@computesdk/gateway').VercelConfig} [options.config] besides the defaults
 */
export async function startVercel({ server: serverOptions, oidc = false, config } = {}) {
  const server = await startVercelServer({
    commandPlan: COMMAND_PLANS.stays,
    rateLimit: { limit: 1_000_000_000 },
    ...serverOptions,
  })
  const { world } = server
  const team = world.createTeam({ slug: 'acme' })
  const project = world.createProject(team, { slug: 'sandboxes' })
  const location = { teamId: team.id, projectId: project.id }
  const token = world.addToken({ token: uniqueCanary('vercel-token') })
  const oidcToken = world.mintOidcToken(project, { signature: uniqueCanary('oidc') })
  const credential = oidc ? { oidcToken } : { token, ...location }
  return {
    ...createFixture({ server, factory: vercel, base: { ...credential, baseUrl: server.url }, config }),
    team,
    project,
    ...location,
    token,
    oidcToken,
    /** Returns the project's sandboxes that exist, whether they run or not. */
    sandboxes: () => world.liveSandboxes(project),
  }
}

/** Starts the same, and closes it when the test ends. */
export const withVercel = closedAfterTest(startVercel)

/** The options of a create with a daemon. */
export const DAEMON = { daemonConfig: { accessToken: ACCESS_TOKEN } }

/** The options of a server that really runs commands. */
export const REALLY = { server: { commandPlan: undefined } }

/** Starts the same with a provider whose clock runs fast. */
export async function withFastVercel(t, { config, ...options } = {}) {
  const { addon, real } = withFastClock()
  const fixture = await withVercel(t, options)
  const makeProvider = (changes) => addon.vercel({ ...fixture.config, ...config, ...changes })
  return { ...fixture, real, makeProvider, provider: makeProvider() }
}
