// The providers that `behaviour.test.mjs` holds to the same sentences. A new one is one entry here.
import { ACCESS_TOKEN } from './canary.mjs'
import { ABSENT_ID, startRailway } from './railway.mjs'

/**
 * @typedef {object} Scene one provider before its server
 * @property {object} server with `requests`, `connections`, `faults`, `stopListening`
 * @property {object} config for the factory, complete
 * @property {(config: object) => import('@computesdk/gateway').InfraProvider} make
 * @property {() => Promise<void>} close fails if the server saw anything it would not understand
 * @property {() => string[]} existing ids of what exists at the provider, in the scope or not
 * @property {() => string} addForeign something of another scope that the credential reaches; gives its id
 * @property {() => string} addOther something in the scope that this package has not made; gives its id
 * @property {(id: string) => Record<string, string>} variablesOf what the instance was given
 * @property {() => void} pageInTens the server's pages become small
 * @property {(plan: 'runs' | 'fails' | 'never') => void} plan what becomes of the instances that are made from now on
 *
 * @typedef {object} Entry
 * @property {string} title how messages name it
 * @property {string} factory the export's name
 * @property {string[]} ownFields of `instance`, first and in this order
 * @property {string} absentId of the right form, and of nothing
 * @property {string[]} badIds not of the provider's form
 * @property {string[]} credentials fields without which a call cannot be made
 * @property {() => Promise<Scene>} start
 */

const PLANS = { runs: ['SUCCESS'], fails: ['FAILED'], never: ['BUILDING'] }

/** @type {Record<string, Entry>} */
export const PROVIDERS = {
  railway: {
    title: 'Railway',
    factory: 'railway',
    ownFields: ['serviceId', 'projectId', 'environmentId'],
    absentId: ABSENT_ID,
    badIds: ['x', `${ABSENT_ID}0`, '../graphql'],
    credentials: ['apiKey', 'projectId', 'environmentId'],
    async start() {
      let plan = PLANS.runs
      const scene = await startRailway({ server: { deploymentPlan: () => plan } })
      const { world, project, services, environmentId } = scene
      const foreign = world.createProject({ name: 'foreign' })
      return {
        ...scene,
        make: (config) => scene.makeProvider(config),
        existing: () => [...services(), ...world.liveServices(foreign.id)].map(({ id }) => id),
        addForeign: () => world.addService(foreign, { image: 'x' }).id,
        addOther: () => world.addService(project, { image: 'x' }).id,
        variablesOf: (id) => world.instance(id, environmentId).variables,
        pageInTens: () => (scene.server.settings.pageSizeMaximum = 10),
        plan: (name) => (plan = PLANS[name]),
      }
    },
  },
}

/** What every provider's create understands. */
export const CREATE_OPTIONS = {
  image: 'acme/box:1',
  daemonConfig: { accessToken: ACCESS_TOKEN, gatewayUrl: 'https://gateway.example.com' },
}
