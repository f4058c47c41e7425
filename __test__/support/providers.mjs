// The providers that `behaviour.test.mjs` holds to the same sentences. A new one is one entry here.
import { PLANS as NAMESPACE_PLANS } from '../servers/namespace/index.mjs'
import { COMMAND_PLANS } from '../servers/vercel/index.mjs'
import { ACCESS_TOKEN } from './canary.mjs'
import * as namespace from './namespace.mjs'
import * as railway from './railway.mjs'
import * as render from './render.mjs'
import * as vercel from './vercel.mjs'

/**
 * @typedef {object} Fixture one provider before its server
 * @property {object} server with `requests`, `connections`, `faults`, `stopListening`
 * @property {object} config for the factory, complete
 * @property {(config: object) => import('@computesdk/gateway').InfraProvider} make
 * @property {() => Promise<void>} close fails if the server saw anything it would not understand
 * @property {() => string[]} existing ids of what exists at the provider, in the scope or not
 * @property {() => string} addForeign something of another scope that the credential reaches; gives its id
 * @property {() => string} addOther something in the scope that this package has not made; gives its id
 * @property {(id: string) => Record<string, string>} variablesOf what the instance was given
 * @property {() => void} pageSmall the server gives fewer at once than there are
 * @property {(plan: 'runs' | 'fails' | 'never') => void} plan what becomes of the instances that are made from now on
 *
 * @typedef {object} Entry
 * @property {string} title how messages name it
 * @property {string} factory the export's name
 * @property {string[]} ownFields of `instance`, first and in this order
 * @property {string} absentId of the right form, and of nothing
 * @property {string[]} badIds not of the provider's form
 * @property {string[]} credentials fields without which a call cannot be made
 * @property {string} [image] where not every image can be run
 * @property {() => Promise<Fixture>} start
 */

/** What becomes of an instance, in the words of each provider. */
const PLANS = {
  railway: { runs: ['SUCCESS'], fails: ['FAILED'], never: ['BUILDING'] },
  render: { runs: ['live'], fails: ['update_failed'], never: ['update_in_progress'] },
  namespace: NAMESPACE_PLANS,
  vercel: { runs: ['running'], fails: ['pending', 'failed'], never: ['pending'] },
}

/** @type {Record<string, Entry>} */
export const PROVIDERS = {
  railway: {
    title: 'Railway',
    factory: 'railway',
    ownFields: ['serviceId', 'projectId', 'environmentId'],
    absentId: railway.ABSENT_ID,
    badIds: ['x', `${railway.ABSENT_ID}0`, '../graphql'],
    credentials: ['apiKey', 'projectId', 'environmentId'],
    async start() {
      let plan = PLANS.railway.runs
      const fixture = await railway.startRailway({ server: { deploymentPlan: () => plan } })
      const { world, project, services, environmentId } = fixture
      const foreign = world.createProject({ name: 'foreign' })
      return {
        ...fixture,
        make: (config) => fixture.makeProvider(config),
        existing: () => [...services(), ...world.liveServices(foreign.id)].map(({ id }) => id),
        addForeign: () => world.addService(foreign, { image: 'x' }).id,
        addOther: () => world.addService(project, { image: 'x' }).id,
        variablesOf: (id) => world.instance(id, environmentId).variables,
        pageSmall: () => (fixture.server.settings.pageSizeMaximum = 10),
        plan: (name) => (plan = PLANS.railway[name]),
      }
    },
  },
  render: {
    title: 'Render',
    factory: 'render',
    ownFields: ['serviceId', 'ownerId'],
    absentId: render.ABSENT_ID,
    badIds: ['x', 'srv-', '../owners', 'crn-00000000000000000000'],
    credentials: ['apiKey', 'ownerId'],
    async start() {
      let plan = PLANS.render.runs
      const fixture = await render.startRender({ server: { deployPlan: () => plan } })
      const { world, owner, otherOwner } = fixture
      return {
        ...fixture,
        make: (config) => fixture.makeProvider(config),
        existing: () => world.liveServices().map(({ id }) => id),
        addForeign: () => world.addService(otherOwner).id,
        addOther: () => world.addService(owner).id,
        variablesOf: (id) => world.variablesOf(id),
        // A page of fewer is the last one, however many were asked for (src/providers/render/list.rs).
        pageSmall: () => (fixture.server.settings.pageSizeMaximum = fixture.server.settings.pageSizeDefault),
        plan: (name) => (plan = PLANS.render[name]),
      }
    },
  },
  namespace: {
    title: 'Namespace',
    factory: 'namespace',
    ownFields: ['instanceId'],
    absentId: namespace.ABSENT_ID,
    badIds: ['X', 'a b', '../instances', 'ui3e3e3g7cfrg/x', 'a'.repeat(65)],
    credentials: ['token'],
    async start() {
      let plan = PLANS.namespace.runs
      // At Namespace a destroyed instance shows for a while; here it is gone at once.
      const fixture = await namespace.startNamespace({ server: { plan: () => plan, ending: ['DESTROYED'] } })
      const { world, workspace, instances } = fixture
      return {
        ...fixture,
        make: (config) => fixture.makeProvider(config),
        existing: () => instances().map(({ id }) => id),
        addForeign: () => world.addInstance(workspace, { region: 'eu' }).id,
        addOther: () => world.addInstance(workspace).id,
        variablesOf: (id) => world.environmentOf(id),
        pageSmall: () => (fixture.server.settings.pageSizeMaximum = 10),
        plan: (name) => (plan = PLANS.namespace[name]),
      }
    },
  },
  vercel: {
    title: 'Vercel',
    factory: 'vercel',
    ownFields: ['projectId', 'teamId', 'sessionId'],
    absentId: vercel.ABSENT_NAME,
    badIds: ['a b', 'a.b', '../sessions', 'box/x', 'a'.repeat(129)],
    credentials: ['token', 'teamId', 'projectId'],
    // Of Vercel's own registry: it runs no other (docs/providers/vercel.md).
    image: 'box:1',
    async start() {
      let plan = PLANS.vercel.runs
      // The daemon's command is over at once: one that stays up is watched for a while.
      const server = { sandboxPlan: () => plan, commandPlan: COMMAND_PLANS.succeeds }
      const fixture = await vercel.startVercel({ server })
      const { world, team, project, sandboxes } = fixture
      const foreign = world.createProject(team, { slug: 'website' })
      world.addImage(project, 'box:1')
      return {
        ...fixture,
        make: (config) => fixture.makeProvider(config),
        existing: () => [...sandboxes(), ...world.liveSandboxes(foreign)].map(({ name }) => name),
        addForeign: () => world.addSandbox(foreign).name,
        addOther: () => world.addSandbox(project).name,
        variablesOf: (name) => world.sandbox(name).env,
        pageSmall: () => (fixture.server.settings.pageSizeMaximum = 10),
        plan: (name) => (plan = PLANS.vercel[name]),
      }
    },
  },
}

/** What every provider's create understands. */
export const createOptions = ({ image = 'acme/box:1' }) => ({
  image,
  daemonConfig: { accessToken: ACCESS_TOKEN, gatewayUrl: 'https://gateway.example.com' },
})
