// The fake Namespace for use by hand: instances move by themselves, and instances of others run beside yours.
import { startNamespaceServer } from './index.mjs'
import { SERVICE_PATH } from './schema.mjs'

/** @param {import('../shared/fake-server.mjs').ServerOptions} options */
export async function start({ stepMilliseconds = 300, ...options }) {
  const server = await startNamespaceServer({ ...options, stepMilliseconds })
  const { world } = server
  const { token, workspaceId } = world.seed()
  const others = new Set(world.liveInstances(workspaceId))
  const reader = world.addToken({ workspace: workspaceId, actions: ['get', 'list'] })
  return {
    server,
    /** Returns the resources of the package, and their processes. */
    resources: () => world.liveInstances(workspaceId).filter((instance) => !others.has(instance)),
    processes: () => server.processes,
    config: { baseUrl: server.url, token },
    environment: { NSC_TOKEN: token, NSC_ENDPOINT: server.url },
    hints: `${server.fullSchema ? "Requests are checked against Namespace's own schema too.\n" : ''}Plain HTTP and JSON:
curl ${server.url}${SERVICE_PATH}ListInstances -H "Authorization: Bearer $NSC_TOKEN" \\
  -H 'Content-Type: application/json' -H 'Connect-Protocol-Version: 1' -d '{}'
Another region's endpoint: ${server.endpoint('eu')}
A token that may look and not touch: ${reader}`,
  }
}
