// The fixture of the gateway tests: a provider's fake server that runs the daemon, the gateway, the published client.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { compute } from 'computesdk'
import { require } from 'tsx/cjs/api'
import { WebSocket } from 'ws'

import { PROVIDERS as CLIENTS } from '../../demo/providers.mjs'
import { UNLIMITED } from '../servers/render/index.mjs'
import { daemonCommand } from '../servers/shared/daemon.mjs'
import { canary, MARK } from '../support/canary.mjs'
import { eventually } from '../support/eventually.mjs'
import { startNamespace } from '../support/namespace.mjs'
import { PROVIDERS as ENTRIES } from '../support/providers.mjs'
import { startRailway } from '../support/railway.mjs'
import { startRender } from '../support/render.mjs'
import { startVercel } from '../support/vercel.mjs'

const MAIN = '../../examples/gateway-server'
export const { startGateway } = require(`${MAIN}/server.ts`, import.meta.url)
export const { memoryState } = require(`${MAIN}/state/memory.ts`, import.meta.url)
export const { sqliteState } = require(`${MAIN}/state/sqlite.ts`, import.meta.url)
export const { postgresState } = require(`${MAIN}/state/postgres.ts`, import.meta.url)
export const { keyOf } = require(`${MAIN}/state/sandbox.ts`, import.meta.url)
export const GATEWAY_PROGRAM = fileURLToPath(new URL(`${MAIN}/main.ts`, import.meta.url))

// The client uses the global one for streams (computesdk@2.5.4), and Node 20 has none.
globalThis.WebSocket ??= WebSocket

const MOVING = { stepMilliseconds: 5 }

/** What starts each provider's fake server, and the server's options. */
export const PROVIDERS = {
  railway: { start: startRailway, options: MOVING },
  render: { start: startRender, options: { ...MOVING, limits: UNLIMITED } },
  namespace: { start: startNamespace, options: MOVING },
  vercel: { start: startVercel, options: { commandPlan: undefined } },
}

/** Starts a provider's fake server. With `daemon: true` it runs the daemon. @param {string} name */
export async function withProvider(t, name, { daemon = true, ...server } = {}) {
  const running = daemon && { runCommand: daemonCommand(['--heartbeat-ms=200']) }
  const { start, options } = PROVIDERS[name]
  const fixture = await start({ server: { ...options, ...running, ...server } })
  t.after(fixture.close)
  const { config, services, instances, sandboxes } = fixture
  const { baseUrl, maxRetries, ...credentials } = config
  const resources = services ?? instances ?? sandboxes
  return {
    ...fixture,
    name,
    credentials: CLIENTS[name].client?.(credentials) ?? credentials,
    create: ENTRIES[name].creating,
    /** Returns the ids of the resources at the provider. At Vercel the name is the id. */
    existing: () => resources().map(({ id, name: vercelName }) => id ?? vercelName),
    settings: { [name]: { baseUrl, maxRetries } },
  }
}

export const API_KEY = canary('computesdk-key')
export const OTHER_API_KEY = canary('other-computesdk-key')

/** Starts a gateway in this process, for one provider's server. At the end its log is searched for secrets. */
export async function withGateway(t, provider, options = {}) {
  const lines = []
  const gateway = await startGateway({
    apiKeys: { acme: API_KEY, globex: OTHER_API_KEY },
    settings: provider.settings,
    log: { level: 'trace', stream: { write: (line) => lines.push(line) } },
    ...options,
  })
  t.after(async () => {
    await gateway.close()
    const bad = lines.filter((line) => line.includes(MARK))
    assert.equal(bad.length, 0, `${bad.length} lines of the log hold a secret`)
  })
  return gateway
}

/** Returns the published client, as a user's app configures it. */
export function clientOf(provider, { url }, { apiKey = API_KEY, credentials = provider.credentials, ...more } = {}) {
  const config = { provider: provider.name, computesdkApiKey: apiKey, gatewayUrl: url, [provider.name]: credentials }
  return compute({ ...config, WebSocket, ...more }).sandbox
}

const HEADERS = {
  apiToken: 'X-Railway-API-Key',
  projectId: { railway: 'X-Railway-Project-ID', vercel: 'X-Vercel-Project-Id' },
  environmentId: 'X-Railway-Environment-ID',
  apiKey: 'X-Render-API-Key',
  ownerId: 'X-Render-Owner-ID',
  token: { namespace: 'X-Namespace-Token', vercel: 'X-Vercel-Token' },
  teamId: 'X-Vercel-Team-Id',
  oidcToken: 'X-Vercel-OIDC-Token',
}

/** Returns a function that sends a request, for statuses, headers and bodies, which the client does not show. */
export function speakerOf({ name, credentials }, { url }, changes = {}) {
  const entries = Object.entries(credentials).map(([field, value]) => [HEADERS[field][name] ?? HEADERS[field], value])
  const own = { 'X-ComputeSDK-API-Key': API_KEY, 'X-Provider': name, ...Object.fromEntries(entries), ...changes }
  const headers = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  return async (method, path, body, options) => {
    const json = { 'content-type': 'application/json' }
    const request = { method, headers: { ...headers, ...json }, body: body && JSON.stringify(body), ...options }
    const answer = await fetch(`${url}${path}`, request)
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.startsWith('application/json')
    return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined }
  }
}

export const gone = (provider) => eventually(() => provider.existing().length === 0, 'nothing is left', 10_000)

/** Waits until so many requests of a name have come to a provider. */
export const requested = ({ requestsFor }, name, count = 1) =>
  eventually(() => requestsFor(name).length >= count, `a request: ${name}`, 20_000)

/** Starts a gateway before Railway, without processes. */
export async function withRailway(t, options) {
  const provider = await withProvider(t, 'railway', { daemon: false })
  const gateway = await withGateway(t, provider, options)
  const client = (changes) => clientOf(provider, gateway, changes)
  return { provider, gateway, client, speak: speakerOf(provider, gateway), faults: provider.server.faults }
}

/** Returns the message with which a call of the client rejects. */
export const shown = async (call) => {
  const [{ reason }] = await Promise.allSettled([call()])
  assert.ok(reason instanceof Error, 'it should have been rejected')
  assert.equal(reason.message.includes(MARK), false, 'the message holds a secret')
  return reason.message
}
