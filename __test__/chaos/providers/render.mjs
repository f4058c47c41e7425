// Render for the fault tests: its locations, its own faults, and what its fake server has.
import { renderError, startRenderServer, UNLIMITED } from '../../servers/render/index.mjs'
import { withAndWithoutEffect } from '../faults.mjs'
import { chance } from '../seeds.mjs'
import { defineProvider, SCENARIO_VARIABLE } from './fake-server.mjs'

/** Errors with the statuses of Render's schema. No source has their texts (docs/providers/render.md). */
const trouble = (random, effect) => {
  const id = chance(random, 0.5) ? random.uuid() : undefined
  return renderError(random.pick([500, 503]), 'internal server error', { id, effect })
}

/** Responses of the proxy in front of Render. */
const edge = (random, effect) => ({ kind: 'html', status: random.pick([502, 504, 520, 522, 524]), effect })

const DEPLOYS = {
  well: ['created', 'update_in_progress', 'live'],
  failed: ['created', 'update_in_progress', 'update_failed'],
  crashed: ['update_in_progress', { status: 'update_in_progress', suspendedBy: 'stuck_crashlooping' }],
  never: ['created', 'queued', 'a_status_of_tomorrow'],
}

/** The names that Render gives to the headers of the shared faults. */
const HEADERS = {
  'x-ratelimit-limit': 'ratelimit-limit',
  'x-ratelimit-remaining': 'ratelimit-remaining',
  'x-ratelimit-reset': 'ratelimit-reset',
}

export const render = defineProvider({
  name: 'render',
  title: 'Render',
  operations: {
    createService: { timeout: 'create', effect: true },
    listServices: { timeout: 'read' },
    retrieveService: { timeout: 'read' },
    retrieveDeploy: { timeout: 'read' },
    listDeploys: { timeout: 'read' },
    retrieveEnvVar: { timeout: 'read' },
    deleteService: { timeout: 'read', effect: true },
  },
  creating: 'createService',
  chosenName: ({ name }) => name,
  waits: { lag: 30_000, absence: 60_000 },
  kinds: [
    ...withAndWithoutEffect('error of its own', trouble),
    ...withAndWithoutEffect('edge page', edge),
    {
      name: 'answer without id',
      ambiguous: true,
      fits: (operation) => operation === 'createService',
      // Render's schema requires neither of the response's two fields.
      make: () => ({ kind: 'replace', map: ({ service, ...rest }) => rest }),
    },
  ],
  /** The key's only workspace; one of two that the key reaches, both with services of others. */
  locations: [
    [2, 'sole'],
    [3, 'shared'],
  ],
  unreachable: { apiKey: 'none', ownerId: 'tea-00000000000000000000', baseUrl: 'http://127.0.0.1:1/v1' },

  async open({ seed, uniqueNames, deploymentOf }) {
    const server = await startRenderServer({
      seed,
      limits: UNLIMITED,
      uniqueNames,
      plan: ({ name }) => DEPLOYS[deploymentOf(name)],
    })
    const { world } = server
    const [sole, shared, neighbour] = ['sole', 'shared', 'neighbour'].map((name) => world.createOwner({ name }))
    const owners = { sole, shared }
    const reach = { sole: [sole], shared: [shared, neighbour] }
    const addForeignServices = (owner) => {
      const site = world.addService(owner, { name: 'site' })
      const preview = world.addService(owner, { name: 'site PR #1', parent: site })
      const others = ['static_site', 'cron_job'].map((type) => world.addService(owner, { type }))
      return [site, preview, ...others]
    }

    return {
      server,
      configFor(location, token) {
        world.addApiKey({ owners: reach[location], key: token })
        return { apiKey: token, ownerId: owners[location].id, baseUrl: server.endpoint }
      },
      /** Renames the headers of the shared faults. */
      adapt(fault) {
        if (!fault.headers) return fault
        const headers = Object.entries(fault.headers).map(([name, value]) => [HEADERS[name] ?? name, value])
        return { ...fault, headers: Object.fromEntries(headers) }
      },
      live: () => world.liveServices(),
      show: (service) => ({
        id: service.id,
        name: service.name,
        scenarioId: service.variables[SCENARIO_VARIABLE],
        isIn: (location) => service.ownerId === owners[location].id,
      }),
      foreign: new Set([shared, neighbour].flatMap(addForeignServices)),
      isIntact: ({ deletedAt }) => deletedAt === null,
    }
  },
})
