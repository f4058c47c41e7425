import assert from 'node:assert/strict'

import { railway } from '@computesdk/gateway'

import './environment.mjs'
import { startRailwayServer } from '../servers/railway/index.mjs'
import { API_KEY, canary, PROJECT_TOKEN, printable } from './canary.mjs'

/** Of the right form, and of nothing. */
export const ABSENT_ID = '00000000-0000-4000-8000-000000000000'

/**
 * A Railway server with a project, and a provider for its first environment. At the test's end the server is closed
 * and must have seen nothing that Railway would not understand.
 *
 * @param {import('node:test').TestContext} t
 * @param {object} [options]
 * @param {import('../servers/railway/index.mjs').RailwayOptions} [options.server]
 * @param {(string | { name: string, forkOf?: string })[]} [options.environments] the first is the provider's
 * @param {import('@computesdk/gateway').RailwayConfig} [options.config] besides the defaults
 */
export async function withRailway(t, options = {}) {
  const fixture = await startRailway(options)
  t.after(fixture.close)
  return fixture
}

let fixtures = 0

/** The same; the caller closes it. */
export async function startRailway({ server: serverOptions, environments = ['production'], config } = {}) {
  const server = await startRailwayServer(serverOptions)
  const { world } = server
  const project = world.createProject({ name: 'sandboxes', environments })
  const [environment] = project.environments
  const place = { projectId: project.id, environmentId: environment.id }
  // The package remembers rate limits by address and key, and a port may come again: no two fixtures share a key.
  fixtures += 1
  const apiKey = world.addToken({ kind: 'account', token: canary(`api-key-${process.pid}-${fixtures}`) })
  world.addToken({ kind: 'account', token: API_KEY })
  world.addToken({ kind: 'project', token: PROJECT_TOKEN, ...place })
  // Without repetitions: what a test makes fail is to stay failed.
  const base = { apiKey, ...place, baseUrl: server.url, maxRetries: 0 }
  const makeProvider = (changes) => railway({ ...base, ...config, ...changes })

  return {
    server,
    world,
    project,
    environment,
    ...place,
    apiKey,
    config: { ...base, ...config },
    provider: makeProvider(),
    makeProvider,
    /** Names of what was asked of the server, in order. */
    asked: () => server.requests.map(({ operation }) => operation),
    /** The requests of one operation. */
    requestsFor: (operation) => server.requests.filter((request) => request.operation === operation),
    /** Services that exist, whatever environment they live in. */
    services: () => world.liveServices(project.id),
    async close() {
      await server.close()
      assert.equal(server.errors.length, 0, `the server failed: ${printable(server.errors)}`)
      const violations = server.schemaViolations
      assert.equal(violations.length, 0, `against Railway's schema: ${printable(violations)}`)
    },
  }
}
