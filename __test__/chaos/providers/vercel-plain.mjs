// Vercel for the naive client: one request per call, no chosen name, no lookup of what a create has made.

/** @param {{ timeoutMilliseconds: number }} options real time */
export function createPlainApi({ token, teamId, projectId, baseUrl }, { timeoutMilliseconds }) {
  async function send(method, path, query, body) {
    const response = await fetch(`${baseUrl}${path}?${new URLSearchParams({ teamId, ...query })}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(timeoutMilliseconds),
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return response.json()
  }

  return {
    /** Without a name: Vercel chooses one. */
    async create({ envs = {}, daemonConfig, installCommand = 'compute start' }) {
      const { sandbox, session } = await send('POST', '/v3/sandboxes', {}, { projectId, persistent: false, env: envs })
      if (daemonConfig && installCommand) {
        const command = { command: 'sh', args: ['-c', installCommand] }
        await send('POST', `/v2/sandboxes/sessions/${session.id}/cmd`, {}, command)
      }
      return { instance: sandbox, instanceId: sandbox.name }
    },
    get: async (name) => ({
      instance: (await send('GET', `/v2/sandboxes/${name}`, { projectId })).sandbox,
      instanceId: name,
    }),
    list: async () => (await send('GET', '/v2/sandboxes', { project: projectId, limit: 50 })).sandboxes,
    delete: (name) => send('DELETE', `/v2/sandboxes/${name}`, { projectId }),
  }
}
