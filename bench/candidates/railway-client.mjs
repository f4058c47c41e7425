/**
 * What a user would write instead of the package: Railway's calls by hand, on whatever sends a request. The documents
 * are those of src/providers/railway/documents.rs and the results are what the package gives; time limits, retries,
 * look-ups of lost creates and checks of arguments are left out, which is to the advantage of these candidates.
 */
import { randomBytes } from 'node:crypto'

const SERVICE_CREATE =
  'mutation ServiceCreate($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name createdAt } }'

const NODE_FIELDS =
  'serviceId serviceName environmentId createdAt deletedAt source { image repo } ' +
  'latestDeployment { id status url staticUrl deploymentStopped }'

const SERVICE_INSTANCE =
  'query ServiceInstance($environmentId: String!, $serviceId: String!) { ' +
  'serviceInstance(environmentId: $environmentId, serviceId: $serviceId) { ' +
  `${NODE_FIELDS} service { projectId deletedAt } } }`

const SERVICE_INSTANCES =
  'query Environment($environmentId: String!, $projectId: String!, $first: Int!, $after: String) { ' +
  'environment(id: $environmentId, projectId: $projectId) { projectId deletedAt ' +
  `serviceInstances(first: $first, after: $after) { edges { node { ${NODE_FIELDS} } } ` +
  'pageInfo { hasNextPage endCursor } } } }'

const ENVIRONMENTS =
  'query Environments($projectId: String!, $first: Int!, $after: String) { ' +
  'environments(projectId: $projectId, first: $first, after: $after) { ' +
  'edges { node { id deletedAt sourceEnvironment { id } } } pageInfo { hasNextPage endCursor } } }'

const PATH = '/graphql/v2?source=computesdk_gateway'
const PAGE_SIZE = 500

/** As long as the package trusts what it has learned of the environment (src/providers/railway/isolation.rs). */
const ISOLATION_LIFETIME_MILLISECONDS = 60_000

const STATUS = {
  QUEUED: 'pending',
  WAITING: 'pending',
  INITIALIZING: 'pending',
  BUILDING: 'pending',
  DEPLOYING: 'pending',
  NEEDS_APPROVAL: 'pending',
  SUCCESS: 'running',
  SLEEPING: 'running',
  FAILED: 'failed',
  CRASHED: 'failed',
  REMOVING: 'stopped',
  REMOVED: 'stopped',
  SKIPPED: 'stopped',
}

const MANAGED_NAME = /^computesdk-[0-9a-hjkmnp-tv-z]{20}$/

/**
 * @param {object} config
 * @param {string} config.apiKey
 * @param {string} config.projectId
 * @param {string} config.environmentId
 * @param {(path: string, headers: Record<string, string>, body: string) =>
 *   Promise<{ status: number, json: () => Promise<any> }>} post
 */
export function createRailwayClient({ apiKey, projectId, environmentId }, post) {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    authorization: `Bearer ${apiKey}`,
  }
  /** @type {{ until: number, confined: Promise<boolean> } | undefined} */
  let isolation

  async function ask(operationName, query, variables) {
    const response = await post(PATH, headers, JSON.stringify({ query, operationName, variables }))
    const answer = await response.json()
    if (answer.errors?.length > 0) throw new Error(answer.errors[0].message)
    if (response.status < 200 || response.status > 299) throw new Error(`HTTP ${response.status}`)
    if (!answer.data) throw new Error('neither data nor errors')
    return answer.data
  }

  /** Creates that begin together ask once. */
  function confinesCreates() {
    if (isolation === undefined || isolation.until < Date.now()) {
      isolation = { until: Date.now() + ISOLATION_LIFETIME_MILLISECONDS, confined: askIsolation() }
    }
    return isolation.confined
  }

  async function askIsolation() {
    let after
    const others = []
    do {
      const { environments } = await ask('Environments', ENVIRONMENTS, { projectId, first: PAGE_SIZE, after })
      for (const { node } of environments.edges) {
        if (node.id !== environmentId && node.deletedAt === null) others.push(node)
      }
      after = environments.pageInfo.hasNextPage ? environments.pageInfo.endCursor : undefined
    } while (after !== undefined)
    return others.every((node) => node.sourceEnvironment !== null)
  }

  async function create({ daemonConfig, image = 'computesdk/compute:latest', envs = {} }) {
    if (!(await confinesCreates())) throw new Error('not needed for the measurement')
    const variables = {
      ...envs,
      COMPUTESDK_ACCESS_TOKEN: daemonConfig.accessToken,
      COMPUTESDK_GATEWAY_URL: daemonConfig.gatewayUrl,
    }
    const name = `computesdk-${randomBytes(10).toString('hex')}`
    const input = { projectId, environmentId, name, source: { image }, variables }
    const { serviceCreate } = await ask('ServiceCreate', SERVICE_CREATE, { input })
    const { id, createdAt } = serviceCreate
    const instance = {
      serviceId: id,
      projectId,
      environmentId,
      name: serviceCreate.name,
      status: 'pending',
      createdAt,
      managed: true,
    }
    return { instance, instanceId: id }
  }

  async function getById(serviceId) {
    const { serviceInstance } = await ask('ServiceInstance', SERVICE_INSTANCE, { environmentId, serviceId })
    const gone = serviceInstance.deletedAt !== null || serviceInstance.service?.deletedAt !== null
    return gone ? null : present(serviceInstance)
  }

  async function list() {
    const found = []
    let after
    do {
      const variables = { environmentId, projectId, first: PAGE_SIZE, after }
      const { environment } = await ask('Environment', SERVICE_INSTANCES, variables)
      const { edges, pageInfo } = environment.serviceInstances
      for (const { node } of edges) if (node.deletedAt === null) found.push(present(node))
      after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined
    } while (after !== undefined)
    return found
  }

  function present(node) {
    const { serviceId, serviceName, createdAt, latestDeployment } = node
    const host = latestDeployment?.url || latestDeployment?.staticUrl
    const instance = {
      serviceId,
      projectId,
      environmentId,
      name: serviceName,
      status: statusOf(latestDeployment),
      createdAt,
      ...(host && { url: host.includes('://') ? host : `https://${host}` }),
      managed: MANAGED_NAME.test(serviceName),
    }
    return { instance, instanceId: serviceId }
  }

  return { create, getById, list }
}

function statusOf(deployment) {
  if (!deployment) return 'pending'
  if (deployment.status === 'SUCCESS' && deployment.deploymentStopped) return 'stopped'
  return STATUS[deployment.status] ?? 'unknown'
}
