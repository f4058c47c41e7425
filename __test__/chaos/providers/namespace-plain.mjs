// Namespace for the naive client: one request per call, no tag, no label, as gateway 0.3.24 did it.
import { SERVICE_PATH } from '../../servers/namespace/schema.mjs'

/** @param {{ timeoutMilliseconds: number }} options real time */
export function createPlainApi({ token, baseUrl }, { timeoutMilliseconds }) {
  async function call(method, body) {
    const response = await fetch(`${baseUrl}${SERVICE_PATH}${method}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'connect-protocol-version': '1',
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMilliseconds),
    })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return response.json()
  }

  return {
    async create({ image = 'computesdk/compute:latest', envs = {} }) {
      const { metadata } = await call('CreateInstance', {
        shape: { virtualCpu: 2, memoryMegabytes: 4096, machineArch: 'amd64', os: 'linux' },
        documentedPurpose: 'ComputeSDK sandbox',
        containers: [{ name: 'main-container', imageRef: image, environment: envs, workloadType: 'SERVICE' }],
      })
      return { instance: metadata, instanceId: metadata.instanceId }
    },
    get: async (id) => ({ instance: (await call('DescribeInstance', { instanceId: id })).metadata, instanceId: id }),
    list: async () => (await call('ListInstances', {})).instances ?? [],
    delete: (id) => call('DestroyInstance', { instanceId: id, reason: 'ComputeSDK cleanup' }),
  }
}
