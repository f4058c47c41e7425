// A Vercel server with a project, and the package's provider for it: what Node tests begin with.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { vercel } from '@computesdk/gateway'

import './environment.mjs'
import { COMMAND_PLANS, startVercelServer } from '../servers/vercel/index.mjs'
import { ACCESS_TOKEN, canary, printable } from './canary.mjs'
import { withFastClock } from './fast-clock.mjs'

/** Of the right form, and of nothing. */
export const ABSENT_NAME = 'computesdk-00000000000000000000'

/**
 * At the test's end the server is closed and must have seen nothing that Vercel would not understand.
 *
 * Commands are simulated, and stay up: what the package runs by default would install something on this machine. A test
 * that gives a harmless `installCommand` lets it run with `server: { commandPlan: undefined }`.
 *
 * @param {import('node:test').TestContext} t
 * @param {object} [options]
 * @param {import('../servers/vercel/index.mjs').VercelOptions} [options.server] besides the defaults: commands stay up,
 *   and the rate limit is out of reach
 * @param {boolean} [options.oidc] the credential is an OIDC token instead of token, team and project
 * @param {import('@computesdk/gateway').VercelConfig} [options.config] besides the defaults
 */
export async function withVercel(t, options = {}) {
  const fixture = await startVercel(options)
  t.after(fixture.close)
  return fixture
}

let fixtures = 0

/** The same; the caller closes it. */
export async function startVercel({ server: serverOptions, oidc = false, config } = {}) {
  const server = await startVercelServer({
    commandPlan: COMMAND_PLANS.stays,
    rateLimit: { limit: 1_000_000_000 },
    ...serverOptions,
  })
  const { world } = server
  const team = world.createTeam({ slug: 'acme' })
  const project = world.createProject(team, { slug: 'sandboxes' })
  const place = { teamId: team.id, projectId: project.id }
  // The package remembers rate limits by address and token, and a port may come again: no two fixtures share a token.
  fixtures += 1
  const token = world.addToken({ token: canary(`vercel-token-${process.pid}-${fixtures}`) })
  const oidcToken = world.mintOidcToken(project, { signature: canary(`oidc-${process.pid}-${fixtures}`) })
  const credential = oidc ? { oidcToken } : { token, ...place }
  // Without repetitions: what a test makes fail is to stay failed.
  const base = { ...credential, baseUrl: server.url, maxRetries: 0 }
  const makeProvider = (changes) => vercel({ ...base, ...config, ...changes })

  return {
    server,
    world,
    team,
    project,
    ...place,
    token,
    oidcToken,
    config: { ...base, ...config },
    provider: makeProvider(),
    makeProvider,
    /** Names of what was asked of the server, in order. */
    asked: () => server.requests.map(({ operation }) => operation),
    /** The requests of one operation. */
    requestsFor: (operation) => server.requests.filter((request) => request.operation === operation),
    /** Sandboxes of the project that exist, whether they run or not. */
    sandboxes: () => world.liveSandboxes(project),
    async close() {
      await server.close()
      assert.equal(server.errors.length, 0, `the server failed: ${printable(server.errors)}`)
      assert.equal(server.violations.length, 0, `what Vercel would not understand: ${printable(server.violations)}`)
    },
  }
}

/** What a test asks for that is about the daemon. */
export const DAEMON = { daemonConfig: { accessToken: ACCESS_TOKEN } }

/** The server really runs what it is asked to. */
export const REALLY = { server: { commandPlan: undefined } }

/** A folder that is gone when the test ends. */
export async function withFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-vercel-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Such a fixture, whose provider lives faster. */
export async function withFastVercel(t, { config, ...options } = {}) {
  const { addon, real } = withFastClock()
  const fixture = await withVercel(t, options)
  const makeProvider = (changes) => addon.vercel({ ...fixture.config, ...config, ...changes })
  return { ...fixture, real, makeProvider, provider: makeProvider() }
}
