/**
 * The providers that the demo can show. One entry per provider.
 *
 * @typedef {object} Entry
 * @property {string} title
 * @property {string} thing what an instance is called there
 * @property {string} api where `--real` goes
 * @property {string} factory the package's export
 * @property {() => Promise<{ start: (options: object) => Promise<{ server: { url: string, close: () => Promise<void>,
 *   requests: unknown[] }, environment: Record<string, string> }> }>} testServer
 * @property {Setting[]} settings
 *
 * @typedef {object} Setting
 * @property {string} label
 * @property {boolean} [secret]
 * @property {[field: string, variable: string][]} from the first variable that is set counts
 */

/** @type {Record<string, Entry>} */
export const PROVIDERS = {
  railway: {
    title: 'Railway',
    thing: 'service',
    api: 'https://backboard.railway.com',
    factory: 'railway',
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
  for (const { label, secret, from } of settings) {
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
