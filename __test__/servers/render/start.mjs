import { startRenderServer } from './index.mjs'

/**
 * Starts the fake Render for use by hand: deploys move by themselves, and there is a workspace to work in. A listing
 * must not show its other resources.
 *
 * @param {import('../shared/fake-server.mjs').ServerOptions} options
 */
export async function start({ stepMilliseconds = 300, ...options }) {
  const server = await startRenderServer({
    ...options,
    stepMilliseconds,
    onViolation: ({ kind, message }) => console.error(`refused (${kind}): ${message}`),
  })
  const { world } = server
  const { apiKey, ownerId, otherOwnerId } = world.seed()
  world.addService(ownerId, { type: 'static_site', name: 'docs' })
  world.addService(ownerId, { type: 'cron_job', name: 'nightly' })
  return {
    server,
    /** Returns the resources of the package, and their processes. */
    resources: () => world.liveServices(ownerId).filter(({ hasProcess }) => hasProcess),
    processes: () => server.processes,
    config: { baseUrl: server.endpoint, apiKey, ownerId },
    environment: { RENDER_BASE_URL: server.endpoint, RENDER_API_KEY: apiKey, RENDER_OWNER_ID: ownerId },
    hints: `The package does not read RENDER_BASE_URL: pass it as \`baseUrl\`.
The key reaches a second workspace, with another user's service in it: ${otherOwnerId}
As at Render, ${server.settings.limits.create} services may be created an hour.`,
  }
}
