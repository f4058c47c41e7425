// Asks a registry about a package, and tells a local registry from a public one.
import { Failure } from '../lib/failure.mjs'

export const NPM_REGISTRY = 'https://registry.npmjs.org/'

/** Returns whether a registry is on this machine, so that no user installs from it. */
export function isRehearsal(registry) {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(registry).hostname)
}

/** Returns the integrity of a published version, or undefined. */
export async function publishedIntegrity(registry, name, version) {
  const url = new URL(name.replace('/', '%2f'), registry.endsWith('/') ? registry : `${registry}/`)
  // A cache may not have a version that was published a moment ago.
  const response = await fetch(url, { headers: { accept: 'application/json', 'cache-control': 'no-cache' } })
  if (response.status === 404) return undefined
  if (!response.ok) throw new Failure(`The registry answered ${response.status} to a question for ${name}.`)
  const { versions = {} } = await response.json()
  return versions[version]?.dist?.integrity
}
