// Several gateways with one PostgreSQL: in this process, or in processes of their own behind a balancer.
import { freePort } from '../../scripts/lib/free-port.mjs'
import { canary } from '../support/canary.mjs'
import { startPostgres } from '../support/postgres.mjs'
import { startBalancer } from './balancer.mjs'
import { startGatewayProcess } from './gateway-process.mjs'
import { postgresState, withGateway } from './fixture.mjs'

export const SECRET = canary('gateway-secret-of-more-than-32-characters')

/** Returns a sandbox as a gateway's state keeps it. */
export const sandboxOf = (key, changes) => ({
  key,
  tenant: 'acme',
  provider: 'railway',
  place: 'project/environment',
  config: { apiKey: canary('api-key') },
  phase: 'creating',
  wish: {
    name: 'ünï "app"',
    envs: { SECRET: canary('variable') },
    metadata: { note: canary('metadata'), deep: [1, { two: null }] },
  },
  tokenHash: `hash-of-${key}`,
  ...changes,
})

export const keysOf = (sandboxes) => sandboxes.map(({ key }) => key).sort()

/** Starts PostgreSQL before the tests of a suite, and ends it after them. It is given the suite's hooks. */
export function withServer({ before, after }) {
  const server = {}
  let end
  before(async () => Object.assign(server, await startPostgres({ after: (work) => (end = work) })))
  after(() => end?.())
  return server
}

/** Starts gateways in this process. */
export async function withGateways(t, server, provider, count, { leaseMilliseconds, ...options } = {}) {
  const { url, query } = await server.database()
  const gateways = []
  for (let index = 0; index < count; index += 1) {
    const port = await freePort()
    const state = await postgresState({ url, secret: SECRET, ...(leaseMilliseconds && { leaseMilliseconds }) })
    const own = { state, secret: SECRET, port, internalUrl: `http://127.0.0.1:${port}` }
    gateways.push(await withGateway(t, provider, { ...own, ...options }))
  }
  return { url, gateways, query }
}

/** Starts gateways in processes of their own, and a balancer before them. */
export async function withCluster(t, server, provider, count, { database = {}, options, env, imports } = {}) {
  const { url, query } = await server.database()
  const ports = []
  while (ports.length < count) ports.push(await freePort())
  const balancer = await startBalancer(t, ports)
  const start = (port) =>
    startGatewayProcess(t, {
      provider,
      port,
      imports,
      options: { publicUrl: balancer.url, ...options },
      env: {
        GATEWAY_STATE: url,
        GATEWAY_SECRET: SECRET,
        GATEWAY_DATABASE: JSON.stringify(database),
        GATEWAY_INTERNAL_URL: `http://127.0.0.1:${port}`,
        ...env,
      },
    })
  const gateways = await Promise.all(ports.map(start))
  return {
    url: balancer.url,
    query,
    gateways,
    /** Starts another process in place of one that has ended. */
    restart: async (index) => (gateways[index] = await start(ports[index])),
  }
}
