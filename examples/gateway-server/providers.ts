// Whose account at which provider a request means. Its headers say all of it: a tenant must not get what the gateway's
// own environment holds, so either the package is given every credential and id, or the request is refused.
import type { IncomingHttpHeaders } from 'node:http'
import { docker, namespace, railway, render, vercel } from '@computesdk/gateway'
import { Refusal } from './errors.ts'
import { hashOf } from './state/sandbox.ts'

type Provider = ReturnType<(typeof FACTORIES)[keyof typeof FACTORIES]>
export type Settings = Partial<Record<Provider['name'], Record<string, unknown>>>
/** `place` is where its resources live, whatever the credential. */
export interface Account { provider: Provider['name']; place: string; config: Record<string, string> }
const FACTORIES = { railway, render, namespace, vercel, docker }
const HEADERS: Record<Provider['name'], Record<string, string>> = {
  railway: { apiKey: 'Railway-API-Key', projectId: 'Railway-Project-ID', environmentId: 'Railway-Environment-ID' },
  render: { apiKey: 'Render-API-Key', ownerId: 'Render-Owner-ID' },
  namespace: { token: 'Namespace-Token' }, docker: {},
  vercel: { token: 'Vercel-Token', teamId: 'Vercel-Team-ID', projectId: 'Vercel-Project-ID' },
}
/** Unless the operator says otherwise: the daemon needs no public address, and `NSC_ENDPOINT` is not the tenant's. */
const DEFAULTS: Settings = { render: { serviceType: 'background_worker' }, namespace: { region: 'us' } }

/** Made for each request: it costs microseconds, and all of them share their connections. */
export function providerOf({ provider, config }: Account, settings: Settings): Provider {
  return FACTORIES[provider]({ ...DEFAULTS[provider], ...settings[provider], ...config })
}

export function accountOf(headers: IncomingHttpHeaders, settings: Settings): Account {
  const header = (name: string) => String(headers[`x-${name.toLowerCase()}`] ?? '').trim()
  const provider = header('Provider') as Provider['name']
  // A tenant with access to it runs code on the operator's machine.
  const isAllowed = provider === 'docker' ? settings.docker : Object.hasOwn(FACTORIES, provider)
  if (!isAllowed) throw new Refusal(400, 'INVALID_CONFIG', 'X-Provider names none of ours.')
  const config = Object.fromEntries(Object.entries(HEADERS[provider]).map(([field, name]) => [field, header(name)]))
  const token = (provider === 'vercel' && header('Vercel-OIDC-Token')) || config['token'] || ''
  const { owner_id: teamId = '', project_id: projectId = '' } = claimsOf(token)
  if (token && token !== config['token']) Object.assign(config, { token, teamId, projectId })
  const [missing] = Object.keys(config).filter((field) => !config[field])
  if (missing) throw new Refusal(400, 'INVALID_CONFIG', `X-${HEADERS[provider][missing]} is missing.`)
  return { provider, config, place: placeOf(provider, config) }
}

export function placeOf(provider: Provider['name'], config: Record<string, string>): string {
  const ids = Object.keys(HEADERS[provider]).flatMap((field) => (field.endsWith('Id') ? [config[field]] : []))
  // Namespace has no ids. Some of its tokens tell their workspace; of the others each is a place of its own.
  const { token = '' } = config
  return ids.join('/').toLowerCase() || (claimsOf(token)['tenant_id'] ?? hashOf(token))
}

/** Unverified: it is for the provider to refuse a token that is not what it says. */
function claimsOf(token: string): Record<string, string> {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) ?? {}
  } catch { return {} }
}
