// An engine for the naive client: no name, no label, a container for each attempt.

/** @param {{ timeoutMilliseconds: number }} options real time */
export function createPlainApi({ host }, { timeoutMilliseconds }) {
  async function call(method, path, body) {
    const signal = AbortSignal.timeout(timeoutMilliseconds)
    const content = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(`${host}/v1.41${path}`, { method, signal, ...content })
    if (!response.ok && response.status !== 304) throw new Error(`HTTP ${response.status}`)
    const text = await response.text()
    return text ? JSON.parse(text) : undefined
  }

  return {
    async create({ image, envs = {} }) {
      const Env = Object.entries(envs).map(([name, value]) => `${name}=${value}`)
      const { Id } = await call('POST', '/containers/create', { Image: image, Env, HostConfig: { NetworkMode: 'none' } })
      await call('POST', `/containers/${Id}/start`)
      return { instance: { containerId: Id }, instanceId: Id }
    },
    get: async (id) => ({ instance: await call('GET', `/containers/${id}/json`), instanceId: id }),
    list: async () => call('GET', '/containers/json?all=1'),
    delete: (id) => call('DELETE', `/containers/${id}?force=1&v=1`),
  }
}
