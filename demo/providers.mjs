/**
 * The providers that the demo can show. One entry per provider.
 *
 * @typedef {object} Entry
 * @property {string} title
 * @property {string} thing what an instance is called there
 * @property {string} api where `--real` goes
 * @property {string} [apiVariable] the package itself reads it, and goes there instead
 * @property {string} factory the package's export
 * @property {(config: object) => object} client the package's config in the client's words
 * @property {object} [request] options of `create` that the demo needs there
 * @property {string} address which variable of the test server's holds the `baseUrl`
 * @property {() => Promise<{ start: (options: object) => Promise<{ server: { url: string, close: () => Promise<void>,
 *   requests: unknown[] }, environment: Record<string, string>, resources: () => unknown[],
 *   processes: () => { pid?: number, exited: Promise<void> }[] }> }>} testServer
 * @property {Setting[]} settings
 * @property {string} [remark] what answers, if that is no test server
 * @property {() => Promise<void>} [check] fails in one sentence if the demo cannot be shown
 * @property {boolean} [isUnknown] the published client has to be told of it
 *
 * @typedef {object} Setting
 * @property {string} label
 * @property {boolean} [secret]
 * @property {[field: string, variable: string][]} from the first variable that is set counts
 * @property {string} [unless] a field that tells this already
 */

/** @type {Record<string, Entry>} */
export const PROVIDERS = {
  railway: {
    title: 'Railway',
    thing: 'service',
    api: 'https://backboard.railway.com',
    factory: 'railway',
    client: ({ apiKey, ...ids }) => ({ apiToken: apiKey, ...ids }),
    address: 'RAILWAY_BASE_URL',
    testServer: () => import('../__test__/servers/railway/start.mjs'),
    settings: [
      {
        label: 'token',
        secret: true,
        from: [
          ['apiKey', 'RAILWAY_API_KEY'],
          ['apiKey', 'RAILWAY_API_TOKEN'],
          ['projectToken', 'RAILWAY_TOKEN'],
        ],
      },
      { label: 'project', from: [['projectId', 'RAILWAY_PROJECT_ID']] },
      { label: 'environment', from: [['environmentId', 'RAILWAY_ENVIRONMENT_ID']] },
    ],
  },
  render: {
    title: 'Render',
    thing: 'service',
    api: 'https://api.render.com/v1',
    factory: 'render',
    client: (config) => config,
    // A web service would have to listen on a port to count as up; the daemon only dials out.
    request: { serviceType: 'background_worker' },
    address: 'RENDER_BASE_URL',
    testServer: () => import('../__test__/servers/render/start.mjs'),
    settings: [
      { label: 'key', secret: true, from: [['apiKey', 'RENDER_API_KEY']] },
      { label: 'workspace', from: [['ownerId', 'RENDER_OWNER_ID']] },
    ],
  },
  namespace: {
    title: 'Namespace',
    thing: 'instance',
    api: 'https://us.compute.namespaceapis.com',
    apiVariable: 'NSC_ENDPOINT',
    factory: 'namespace',
    client: (config) => config,
    address: 'NSC_ENDPOINT',
    testServer: () => import('../__test__/servers/namespace/start.mjs'),
    settings: [{ label: 'token', secret: true, from: [['token', 'NSC_TOKEN']] }],
  },
  vercel: {
    title: 'Vercel',
    thing: 'sandbox',
    api: 'https://vercel.com/api',
    factory: 'vercel',
    client: (config) => config,
    address: 'VERCEL_BASE_URL',
    testServer: () => import('../__test__/servers/vercel/start.mjs'),
    settings: [
      {
        label: 'token',
        secret: true,
        from: [
          ['token', 'VERCEL_TOKEN'],
          ['oidcToken', 'VERCEL_OIDC_TOKEN'],
        ],
      },
      { label: 'team', unless: 'oidcToken', from: [['teamId', 'VERCEL_TEAM_ID']] },
      { label: 'project', unless: 'oidcToken', from: [['projectId', 'VERCEL_PROJECT_ID']] },
    ],
  },
  docker: {
    title: 'Docker',
    thing: 'container',
    api: 'the engine of this machine',
    factory: 'docker',
    client: (config) => config,
    address: 'DOCKER_HOST',
    testServer: () => import('./docker.mjs'),
    remark: "before this machine's own engine",
    check: () => import('./docker.mjs').then(({ check }) => check()),
    isUnknown: true,
    settings: [],
  },
}

/**
 * The configuration that these variables give.
 *
 * @param {Entry} provider
 * @param {Record<string, string | undefined>} variables
 */
export function configure({ settings }, variables) {
  const config = {}
  const shown = []
  const missing = []
  for (const { label, secret, unless, from } of settings) {
    if (config[unless]) continue
    const found = from.find(([, variable]) => variables[variable])
    if (!found) {
      missing.push(from.map(([, variable]) => variable).join(' or '))
      continue
    }
    const [field, variable] = found
    config[field] = variables[variable]
    shown.push({ label, variable, value: secret ? mask(config[field]) : config[field] })
  }
  return { config, shown, missing }
}

/** Enough of a secret to tell it from another. */
export function mask(secret) {
  return secret.length < 16 ? '••••' : `••••${secret.slice(-4)}`
}
