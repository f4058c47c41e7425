import { startRenderServer } from './index.mjs'

/**
 * The Render server for use by hand: deploys move by themselves, and there is a workspace to work in. What else is
 * there, a listing must not show.
 *
 * @param {Pick<import('./index.mjs').RenderOptions, 'port' | 'runCommand' | 'onDone'>} options
 */
export async function start(options) {
  const server = await startRenderServer({
    ...options,
    deployStepMilliseconds: 300,
    onViolation: ({ kind, message }) => console.error(`refused (${kind}): ${message}`),
  })
  const { world } = server
  const { apiKey, ownerId, otherOwnerId } = world.seed()
  world.addService(ownerId, { type: 'static_site', name: 'docs' })
  world.addService(ownerId, { type: 'cron_job', name: 'nightly' })
  return {
    server,
    environment: { RENDER_BASE_URL: server.endpoint, RENDER_API_KEY: apiKey, RENDER_OWNER_ID: ownerId },
    hints: `The package does not read RENDER_BASE_URL: pass it as \`baseUrl\`.
The key reaches a second workspace, with somebody's service in it: ${otherOwnerId}
As at Render, ${server.settings.limits.create} services may be created an hour.`,
  }
}
