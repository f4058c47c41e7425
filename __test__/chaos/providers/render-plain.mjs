// Render for the naive client: one request per call, as gateway 0.3.24 did it.
import { randomBytes } from 'node:crypto'

/** @param {{ timeoutMilliseconds: number }} options real time */
export function createPlainApi({ apiKey, ownerId, baseUrl }, { timeoutMilliseconds }) {
  async function send(method, path, body) {
    const headers = { authorization: `Bearer ${apiKey}`, ...(body && { 'content-type': 'application/json' }) }
    const content = body && { body: JSON.stringify(body) }
    const signal = AbortSignal.timeout(timeoutMilliseconds)
    const response = await fetch(`${baseUrl}${path}`, { method, headers, ...content, signal })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }

  return {
    /** Under a new name each time, so that a repeated request makes another service. */
    async create({ image = 'computesdk/compute:latest', envs = {} }) {
      const { service } = await send('POST', '/services', {
        type: 'web_service',
        name: `computesdk-${randomBytes(8).toString('hex')}`,
        ownerId,
        image: { ownerId, imagePath: image },
        envVars: Object.entries(envs).map(([key, value]) => ({ key, value })),
        serviceDetails: { runtime: 'image' },
      })
      return { instance: service, instanceId: service.id }
    },
    get: async (id) => ({ instance: await send('GET', `/services/${id}`), instanceId: id }),
    /** The first page only. */
    list: async () => (await send('GET', '/services?limit=100')).map(({ service }) => service),
    delete: (id) => send('DELETE', `/services/${id}`),
  }
}
