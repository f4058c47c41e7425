// The providers for the naive client: one request per call, no handle and no lookup of what a create has made, as
// gateway 0.3.24 did it.
import { randomBytes } from 'node:crypto'

import { SERVICE_PATH } from '../servers/namespace/schema.mjs'
import { PATH } from '../servers/railway/endpoint.mjs'

const RAILWAY = {
  create: 'mutation ($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name } }',
  get: 'query ($id: String!) { service(id: $id) { id name } }',
  list: 'query ($id: String!) { project(id: $id) { services(first: 500) { edges { node { id name } } } } }',
  delete: 'mutation ($id: String!) { serviceDelete(id: $id) }',
}

/** Returns a function that sends a request and returns the JSON of its answer. */
const createSend = (baseUrl, timeoutMilliseconds, headers) => async (method, path, body) => {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMilliseconds),
  })
  // An engine answers 304 if a container runs already.
  if (!response.ok && response.status !== 304) throw new Error(`HTTP ${response.status}`)
  const text = await response.text()
  return text === '' ? undefined : JSON.parse(text)
}

const bearer = (token) => ({ authorization: `Bearer ${token}` })

/** By the addon's factory: takes a configuration and a time-out of each request, in real milliseconds. */
export const PLAIN_APIS = {
  railway({ apiKey, projectId, environmentId, baseUrl }, timeoutMilliseconds) {
    const post = createSend(baseUrl, timeoutMilliseconds, bearer(apiKey))
    const send = async (query, variables) => {
      const { data, errors } = await post('POST', PATH, { query, variables })
      if (errors) throw new Error(errors[0].message)
      return data
    }
    return {
      /** Without a name: Railway chooses one. */
      async create({ image, envs }) {
        const input = { projectId, environmentId, source: { image }, variables: envs }
        return (await send(RAILWAY.create, { input })).serviceCreate.id
      },
      get: (id) => send(RAILWAY.get, { id }),
      list: () => send(RAILWAY.list, { id: projectId }),
      delete: (id) => send(RAILWAY.delete, { id }),
    }
  },

  render({ apiKey, ownerId, baseUrl }, timeoutMilliseconds) {
    const send = createSend(baseUrl, timeoutMilliseconds, bearer(apiKey))
    return {
      /** Under a new name each time, so that a repeated request makes another service. */
      async create({ image, envs }) {
        const { service } = await send('POST', '/services', {
          type: 'web_service',
          name: `computesdk-${randomBytes(8).toString('hex')}`,
          ownerId,
          image: { ownerId, imagePath: image },
          envVars: Object.entries(envs).map(([key, value]) => ({ key, value })),
          serviceDetails: { runtime: 'image' },
        })
        return service.id
      },
      get: (id) => send('GET', `/services/${id}`),
      /** The first page only. */
      list: () => send('GET', '/services?limit=100'),
      delete: (id) => send('DELETE', `/services/${id}`),
    }
  },

  namespace({ token, baseUrl }, timeoutMilliseconds) {
    const post = createSend(baseUrl, timeoutMilliseconds, { ...bearer(token), 'connect-protocol-version': '1' })
    const send = (method, body) => post('POST', `${SERVICE_PATH}${method}`, body)
    return {
      async create({ image, envs }) {
        const { metadata } = await send('CreateInstance', {
          shape: { virtualCpu: 2, memoryMegabytes: 4096, machineArch: 'amd64', os: 'linux' },
          documentedPurpose: 'ComputeSDK sandbox',
          containers: [{ name: 'main-container', imageRef: image, environment: envs, workloadType: 'SERVICE' }],
        })
        return metadata.instanceId
      },
      get: (id) => send('DescribeInstance', { instanceId: id }),
      list: () => send('ListInstances', {}),
      delete: (id) => send('DestroyInstance', { instanceId: id, reason: 'ComputeSDK cleanup' }),
    }
  },

  vercel({ token, teamId, projectId, baseUrl }, timeoutMilliseconds) {
    // Its API wants the type also of requests without a body.
    const headers = { ...bearer(token), 'content-type': 'application/json' }
    const ask = createSend(baseUrl, timeoutMilliseconds, headers)
    const send = (method, path, query, body) => {
      return ask(method, `${path}?${new URLSearchParams({ teamId, ...query })}`, body)
    }
    return {
      /** Without a name: Vercel chooses one. */
      async create({ envs, installCommand }) {
        const request = { projectId, persistent: false, env: envs }
        const { sandbox, session } = await send('POST', '/v3/sandboxes', {}, request)
        const command = { command: 'sh', args: ['-c', installCommand] }
        await send('POST', `/v2/sandboxes/sessions/${session.id}/cmd`, {}, command)
        return sandbox.name
      },
      get: (name) => send('GET', `/v2/sandboxes/${name}`, { projectId }),
      list: () => send('GET', '/v2/sandboxes', { project: projectId, limit: 50 }),
      delete: (name) => send('DELETE', `/v2/sandboxes/${name}`, { projectId }),
    }
  },

  /** A container for each attempt, without a name and without a label. */
  docker({ host }, timeoutMilliseconds) {
    const send = createSend(`${host}/v1.41`, timeoutMilliseconds)
    return {
      async create({ image, envs }) {
        const Env = Object.entries(envs).map(([name, value]) => `${name}=${value}`)
        const container = { Image: image, Env, HostConfig: { NetworkMode: 'none' } }
        const { Id } = await send('POST', '/containers/create', container)
        await send('POST', `/containers/${Id}/start`)
        return Id
      },
      get: (id) => send('GET', `/containers/${id}/json`),
      list: () => send('GET', '/containers/json?all=1'),
      delete: (id) => send('DELETE', `/containers/${id}?force=1&v=1`),
    }
  },
}
