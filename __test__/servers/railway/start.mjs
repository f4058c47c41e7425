import { startRailwayServer } from './index.mjs'

/**
 * Starts the fake Railway for use by hand: deployments move by themselves, and there is a project to work in.
 *
 * @param {import('../shared/fake-server.mjs').ServerOptions} options
 */
export async function start({ stepMilliseconds = 300, ...options }) {
  const server = await startRailwayServer({ ...options, stepMilliseconds })
  const { token, projectToken, projectId, environmentId } = server.world.seed()
  return {
    server,
    /** Returns the resources of the package, and their processes. */
    resources: () => server.world.liveServices(projectId),
    processes: () => server.processes,
    config: { baseUrl: server.url, apiKey: token, projectId, environmentId },
    environment: {
      RAILWAY_BASE_URL: server.url,
      RAILWAY_API_KEY: token,
      RAILWAY_PROJECT_ID: projectId,
      RAILWAY_ENVIRONMENT_ID: environmentId,
    },
    hints: `The package does not read RAILWAY_BASE_URL: pass it as \`baseUrl\`. GraphQL endpoint: ${server.endpoint}
A project token, to try instead of the API key: RAILWAY_TOKEN=${projectToken}`,
  }
}
