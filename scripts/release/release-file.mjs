// `release.json`: what was packed, from which checked addons. The steps after packing read it instead of the folder.
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { platformsOf, readRootManifest } from './manifests.mjs'
import { integrityOf } from './stage.mjs'

const FILE = 'release.json'

/**
 * @typedef {object} Packed
 * @property {string} name
 * @property {string} version
 * @property {string} file tarball, beside `release.json`
 * @property {string} integrity of the tarball
 * @property {'checked' | 'unchecked' | 'placeholder'} [addon] in a platform package: what is known of its addon
 */

/** @param {string} folder @param {Packed[]} packages platforms first, root last */
export const writeRelease = (folder, packages) =>
  writeFile(join(folder, FILE), `${JSON.stringify({ packages }, undefined, 2)}\n`)

/**
 * Reads the file, and checks it: the nine packages of this checkout, in one version, in unchanged tarballs.
 *
 * @returns {Promise<Packed[]>} platforms first, root last
 */
export async function readRelease(folder) {
  const path = join(folder, FILE)
  if (!existsSync(path)) throw new Failure(`${path} is missing: pack.mjs writes it.`)
  const { packages } = JSON.parse(await readFile(path, 'utf8'))
  const root = await readRootManifest()
  const names = [...platformsOf(root).map(({ platform }) => `${root.name}-${platform}`), root.name]
  const wanted = names.map((name) => `${name}@${root.version}`)
  const got = packages.map(({ name, version }) => `${name}@${version}`)
  const missing = wanted.filter((id) => !got.includes(id))
  const foreign = got.filter((id) => !wanted.includes(id))
  if (missing.length > 0) throw new Failure(`Not packed: ${missing.join(', ')}.`)
  if (foreign.length > 0) throw new Failure(`Packed, but none of this checkout: ${foreign.join(', ')}.`)
  for (const { file, integrity } of packages) {
    if ((await integrityOf(join(folder, file))) !== integrity) throw new Failure(`${file} is not as it was packed.`)
  }
  return wanted.map((id) => packages[got.indexOf(id)])
}

/** Refuses a release with a package whose addon has not passed its checks. @param {Packed[]} packages root last */
export function requireCheckedAddons(packages) {
  const unchecked = packages.slice(0, -1).filter(({ addon }) => addon !== 'checked')
  if (unchecked.length === 0) return
  const names = unchecked.map(({ name, addon }) => `${name} (${addon ?? 'nothing is known of it'})`)
  throw new Failure(`Not to be published, for want of a checked addon: ${names.join(', ')}.`)
}
