// Railway for the naive client: one request per call, as gateway 0.3.24 did it.
import { PATH } from '../../servers/railway/endpoint.mjs'

const CREATE = 'mutation ($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name } }'
const GET = 'query ($id: String!) { service(id: $id) { id name } }'
const LIST = 'query ($id: String!) { project(id: $id) { services(first: 500) { edges { node { id name } } } } }'
const DELETE = 'mutation ($id: String!) { serviceDelete(id: $id) }'

/** @param {{ timeoutMilliseconds: number }} options real time */
export function createPlainApi({ apiKey, projectId, environmentId, baseUrl }, { timeoutMilliseconds }) {
  async function send(query, variables) {
    const response = await fetch(`${baseUrl}${PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(timeoutMilliseconds),
    })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    const { data, errors } = await response.json()
    if (errors) throw new Error(errors[0].message)
    return data
  }

  return {
    /** Without a name: Railway chooses one. */
    async create({ image = 'computesdk/compute:latest', envs = {} }) {
      const input = { projectId, environmentId, source: { image }, variables: envs }
      const { serviceCreate } = await send(CREATE, { input })
      return { instance: serviceCreate, instanceId: serviceCreate.id }
    },
    get: async (id) => ({ instance: (await send(GET, { id })).service, instanceId: id }),
    list: async () => (await send(LIST, { id: projectId })).project.services.edges.map(({ node }) => node),
    delete: (id) => send(DELETE, { id }),
  }
}
