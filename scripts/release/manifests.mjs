// The manifests of what is published: the eight platform packages, and the root package that names them. Those in the
// checkout have no `optionalDependencies`: their versions are not published yet, so `npm ci` would fail in a fresh
// clone.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ROOT } from '../lib/paths.mjs'
import { artifactName, TARGETS } from '../targets/list.mjs'

/** The fields for the checkout only. Without `scripts`, no script can run on a user's machine. */
const CHECKOUT_ONLY = ['scripts', 'devDependencies', 'overrides', 'napi']

/** In each platform package, the licences of the crates in its addon. */
export const NOTICES = 'THIRD-PARTY-LICENSES.txt'

/**
 * @typedef {{ target: string, platform: string, addon: string, os: string[], cpu: string[], libc?: string[] }} Platform
 */

/** What a Rust target is called by Node, npm and napi-rs. @returns {Platform} */
export function platformOf(target) {
  const known = TARGETS.find(({ triple }) => triple === target)
  if (!known) throw new Error(`no platform is known for the target ${target}`)
  const { name: platform, arch, libc } = known
  const [os] = platform.split('-')
  return { target, platform, addon: artifactName(known), os: [os], cpu: [arch], ...(libc && { libc: [libc] }) }
}

export const readRootManifest = async () => JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))

export const platformsOf = ({ napi }) => napi.targets.map(platformOf)

/** Returns the root's manifest as it is published. */
export function publishedRoot(manifest) {
  const published = Object.fromEntries(Object.entries(manifest).filter(([key]) => !CHECKOUT_ONLY.includes(key)))
  const versions = platformsOf(manifest).map(({ platform }) => [`${manifest.name}-${platform}`, manifest.version])
  return { ...published, optionalDependencies: Object.fromEntries(versions.sort()) }
}

/**
 * Returns a platform package's manifest as it is published. `napi create-npm-dirs`, which makes those in `npm/`, copies only
 * `access` and `registry` of what the root says on publishing, and leaves `provenance` out.
 */
export function publishedPlatform(own, { publishConfig, type }) {
  return { ...own, type, files: [...own.files, NOTICES], publishConfig }
}
