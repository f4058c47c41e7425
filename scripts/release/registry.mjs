// What a registry knows of a package, and whose registry it is.
import { Failure } from '../lib/failure.mjs'

export const NPM_REGISTRY = 'https://registry.npmjs.org/'

/** Whether it is one on this machine, which nobody installs from. */
export function isRehearsal(registry) {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(registry).hostname)
}

/** The integrity of a published version, or undefined where there is none. */
export async function publishedIntegrity(registry, name, version) {
  const url = new URL(name.replace('/', '%2f'), registry.endsWith('/') ? registry : `${registry}/`)
  // What was published a moment ago may not be in a cache's copy.
  const response = await fetch(url, { headers: { accept: 'application/json', 'cache-control': 'no-cache' } })
  if (response.status === 404) return undefined
  if (!response.ok) throw new Failure(`The registry answered ${response.status} to a question for ${name}.`)
  const { versions = {} } = await response.json()
  return versions[version]?.dist?.integrity
}
