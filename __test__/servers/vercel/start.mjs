// For `npm run server -- vercel`.
import { planDaemon, startVercelServer } from './index.mjs'

/**
 * Starts the fake Vercel for use by hand: sandboxes take a moment to run, and there is a project to work in. Commands
 * do not really run, because they could install something on this machine.
 *
 * @param {import('../shared/fake-server.mjs').ServerOptions} options
 */
export async function start({ runCommand, stepMilliseconds = 300, ...options }) {
  const server = await startVercelServer({
    ...options,
    plan: ['pending', 'running'],
    stepMilliseconds,
    ...(runCommand ? { runCommand } : { commandPlan: planDaemon }),
  })
  const { token, oidcToken, teamId, projectId } = server.world.seed()
  return {
    server,
    /** Returns the resources of the package, and their processes. */
    resources: () => server.world.liveSandboxes(projectId),
    processes: () => server.world.allSandboxes(projectId).flatMap(({ commands }) => commands),
    config: { baseUrl: server.url, token, teamId, projectId },
    environment: {
      VERCEL_BASE_URL: server.url,
      VERCEL_TOKEN: token,
      VERCEL_TEAM_ID: teamId,
      VERCEL_PROJECT_ID: projectId,
    },
    hints: `The package does not read VERCEL_BASE_URL: pass it as \`baseUrl\`.
Commands are not run, they count as running until their sandbox stops, but for that which waits for the daemon; --run
names what to run in their place, with their variables.
An OIDC token, to try instead of the three above: VERCEL_OIDC_TOKEN=${oidcToken}`,
  }
}
