import { railway } from '@computesdk/gateway'

import { startRailwayServer } from '../servers/railway/index.mjs'
import { API_KEY, PROJECT_TOKEN } from './canary.mjs'
import { closedAfterTest, createFixture, uniqueCanary } from './fixture.mjs'

/** An id of the right form, without a service. */
export const ABSENT_ID = '00000000-0000-4000-8000-000000000000'

/**
 * Starts a server with a project, and makes a provider for its first environment. The caller closes it.
 *
 * @param {object} [options]
 * @param {import('../servers/railway/index.mjs').RailwayOptions} [options.server]
 * @param {(string | { name: string, forkOf?: string })[]} [options.environments] the first is the provider's
 * @param {import('@computesdk/gateway').RailwayConfig} [options.config] besides the defaults
 */
export async function startRailway({ server: serverOptions, environments = ['production'], config } = {}) {
  const server = await startRailwayServer(serverOptions)
  const { world } = server
  const project = world.createProject({ name: 'sandboxes', environments })
  const [environment] = project.environments
  const location = { projectId: project.id, environmentId: environment.id }
  const apiKey = world.addToken({ kind: 'account', token: uniqueCanary('api-key') })
  world.addToken({ kind: 'account', token: API_KEY })
  world.addToken({ kind: 'project', token: PROJECT_TOKEN, ...location })
  return {
    ...createFixture({ server, factory: railway, base: { apiKey, ...location, baseUrl: server.url }, config }),
    project,
    environment,
    ...location,
    apiKey,
    /** Returns the services that exist, in whatever environment. */
    services: () => world.liveServices(project.id),
  }
}

/** Starts the same, and closes it when the test ends. */
export const withRailway = closedAfterTest(startRailway)
