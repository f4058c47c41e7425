// The providers of `behaviour.test.mjs`. A new provider is one entry here.
import { PLANS } from '../servers/namespace/index.mjs'
import { COMMAND_PLANS } from '../servers/vercel/index.mjs'
import { ACCESS_TOKEN } from './canary.mjs'
import { closedAfterTest } from './fixture.mjs'
import * as namespace from './namespace.mjs'
import * as railway from './railway.mjs'
import * as render from './render.mjs'
import * as vercel from './vercel.mjs'

/**
 * @typedef {object} Fixture a provider with its fake server
 * @property {object} server with `requests`, `connections`, `faults`, `stopListening`
 * @property {object} config for the factory, complete
 * @property {import('@computesdk/gateway').InfraProvider} provider
 * @property {(config: object) => import('@computesdk/gateway').InfraProvider} make
 * @property {() => Promise<void>} close fails if the server has refused a request as a violation
 * @property {() => string[]} existing ids of all resources at the provider, in the scope or not
 * @property {() => string} addForeign adds a resource in another scope that the credential reaches; returns its id
 * @property {() => string} addOther adds a resource of another maker in the scope; returns its id
 * @property {(id: string) => Record<string, string>} variablesOf the instance's variables
 * @property {() => void} pageSmall makes the server's pages smaller than the list
 * @property {(plan: 'runs' | 'fails' | 'never') => void} plan sets the course of new instances
 *
 * @typedef {object} Entry
 * @property {string} title how messages name it
 * @property {string} factory the export's name
 * @property {string[]} ownFields of `instance`, first and in this order
 * @property {string} [creating] the request that creates, as the fake server calls it
 * @property {string} absentId of the right form, without a resource
 * @property {string[]} badIds not of the provider's form
 * @property {string[]} credentials fields without which a call cannot be made
 * @property {string} [image] if the provider does not run every image
 * @property {() => Promise<Fixture>} start
 */

/**
 * Returns the `start` of an entry.
 *
 * @param {Record<'runs' | 'fails' | 'never', unknown>} plans the courses of instances, in the provider's states
 * @param {(plan: () => unknown) => Promise<object>} open starts the fake server, whose new instances take the course that
 *   `plan` returns
 * @param {(fixture: object) => Partial<Fixture>} rest
 */
const starter = (plans, open, rest) => async () => {
  let plan = plans.runs
  const fixture = await open(() => plan)
  return {
    ...fixture,
    make: fixture.makeProvider,
    pageSmall: () => (fixture.server.settings.pageSizeMaximum = 10),
    plan: (name) => (plan = plans[name]),
    ...rest(fixture),
  }
}

/** Starts an entry's fixture, and closes it when the test ends. @returns {Promise<Fixture>} */
export const withEntry = (t, { start }) => closedAfterTest(start)(t)

/** @type {Record<string, Entry>} */
export const PROVIDERS = {
  railway: {
    title: 'Railway',
    factory: 'railway',
    creating: 'serviceCreate',
    ownFields: ['serviceId', 'projectId', 'environmentId'],
    absentId: railway.ABSENT_ID,
    badIds: ['x', `${railway.ABSENT_ID}0`, '../graphql'],
    credentials: ['apiKey', 'projectId', 'environmentId'],
    start: starter(
      { runs: ['SUCCESS'], fails: ['FAILED'], never: ['BUILDING'] },
      (plan) => railway.startRailway({ server: { plan } }),
      ({ world, project, services, environmentId }) => {
        const foreign = world.createProject({ name: 'foreign' })
        return {
          existing: () => [...services(), ...world.liveServices(foreign.id)].map(({ id }) => id),
          addForeign: () => world.addService(foreign, { image: 'x' }).id,
          addOther: () => world.addService(project, { image: 'x' }).id,
          variablesOf: (id) => world.instance(id, environmentId).variables,
        }
      },
    ),
  },
  render: {
    title: 'Render',
    factory: 'render',
    creating: 'createService',
    ownFields: ['serviceId', 'ownerId'],
    absentId: render.ABSENT_ID,
    badIds: ['x', 'srv-', '../owners', 'crn-00000000000000000000'],
    credentials: ['apiKey', 'ownerId'],
    start: starter(
      { runs: ['live'], fails: ['update_failed'], never: ['update_in_progress'] },
      (plan) => render.startRender({ server: { plan } }),
      ({ server: { settings }, world, owner, otherOwner }) => ({
        existing: () => world.liveServices().map(({ id }) => id),
        addForeign: () => world.addService(otherOwner).id,
        addOther: () => world.addService(owner).id,
        variablesOf: (id) => world.variablesOf(id),
        // A page of fewer is the last one, however many were asked for (src/providers/render/list.rs).
        pageSmall: () => (settings.pageSizeMaximum = settings.pageSizeDefault),
      }),
    ),
  },
  namespace: {
    title: 'Namespace',
    factory: 'namespace',
    creating: 'CreateInstance',
    ownFields: ['instanceId'],
    absentId: namespace.ABSENT_ID,
    badIds: ['X', 'a b', '../instances', 'ui3e3e3g7cfrg/x', 'a'.repeat(65)],
    credentials: ['token'],
    start: starter(
      PLANS,
      // At Namespace a destroyed instance is shown for a while. Here it is gone at once.
      (plan) => namespace.startNamespace({ server: { plan, ending: ['DESTROYED'] } }),
      ({ world, workspace, instances }) => ({
        existing: () => instances().map(({ id }) => id),
        addForeign: () => world.addInstance(workspace, { region: 'eu' }).id,
        addOther: () => world.addInstance(workspace).id,
        variablesOf: (id) => world.environmentOf(id),
      }),
    ),
  },
  vercel: {
    title: 'Vercel',
    factory: 'vercel',
    creating: 'createSandbox',
    ownFields: ['projectId', 'teamId', 'sessionId'],
    absentId: vercel.ABSENT_NAME,
    badIds: ['a b', 'a.b', '../sessions', 'box/x', 'a'.repeat(129)],
    credentials: ['token', 'teamId', 'projectId'],
    // An image of Vercel's own registry, because Vercel runs no other (docs/providers/vercel.md).
    image: 'box:1',
    start: starter(
      { runs: ['running'], fails: ['pending', 'failed'], never: ['pending'] },
      // The daemon's command ends at once, because the package watches one that stays up for a while.
      (plan) => vercel.startVercel({ server: { plan, commandPlan: COMMAND_PLANS.succeeds } }),
      ({ world, team, project, sandboxes }) => {
        const foreign = world.createProject(team, { slug: 'website' })
        world.addImage(project, 'box:1')
        return {
          existing: () => [...sandboxes(), ...world.liveSandboxes(foreign)].map(({ name }) => name),
          addForeign: () => world.addSandbox(foreign).name,
          addOther: () => world.addSandbox(project).name,
          variablesOf: (name) => world.sandbox(name).env,
        }
      },
    ),
  },
}

/** Returns options that every provider's create accepts. */
export const createOptions = ({ image = 'acme/box:1' }) => ({
  image,
  daemonConfig: { accessToken: ACCESS_TOKEN, gatewayUrl: 'https://gateway.example.com' },
})
