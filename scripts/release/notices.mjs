// The licences of what is linked into the addon. Nearly all of them require that their text goes with a binary.
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { ROOT } from '../lib/paths.mjs'
import { capture } from '../lib/run.mjs'
import { readRootManifest } from './manifests.mjs'

const LICENCE_FILE = /^(licen[cs]e|copying|notice|copyright|unlicense)/i

let text

/** Returns the text of the file for all targets. It is made once, because it needs cargo and every crate's source. */
export const thirdPartyNotices = () => (text ??= makeNotices())

async function makeNotices() {
  const targets = (await readRootManifest()).napi.targets.flatMap((target) => ['--filter-platform', target])
  const parameters = ['metadata', '--format-version', '1', '--locked', ...targets]
  const failure = 'The crates of the addon, and so their licences, could not be read.'
  const { stdout } = await capture('cargo', parameters, { cwd: ROOT, failure })
  const crates = linkedCrates(JSON.parse(stdout))
  const sections = await Promise.all(crates.map(section))
  const head = 'The addon in this package contains the following works, under the licences given with each.\n'
  return [head, ...sections].join(`\n${'='.repeat(80)}\n\n`)
}

/** Returns the root crate's dependencies, without those of its tests and its build. */
function linkedCrates({ packages, resolve }) {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const found = new Set([resolve.root])
  // The loop also visits the crates that it adds.
  for (const crate of found) {
    const linked = nodes.get(crate).deps.filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null))
    for (const { pkg } of linked) found.add(pkg)
  }
  found.delete(resolve.root)
  const byName = (left, right) => left.name.localeCompare(right.name) || left.version.localeCompare(right.version)
  return packages.filter(({ id }) => found.has(id)).sort(byName)
}

async function section({ name, version, license, repository, manifest_path: manifest }) {
  const folder = dirname(manifest)
  const files = (await readdir(folder)).filter((file) => LICENCE_FILE.test(file)).sort()
  const texts = await Promise.all(chosen(files, license).map((file) => readFile(join(folder, file), 'utf8')))
  const head = `${name} ${version}\n${license ?? ''}\n${repository ?? ''}`.trim()
  return `${[head, ...texts.map((each) => each.trim())].join('\n\n')}\n`
}

/** Returns MIT, if a crate offers it among others. */
function chosen(files, license = '') {
  const mit = files.filter((file) => /mit|notice|copyright/i.test(file))
  return /\bMIT\b/.test(license) && !license.includes(' AND ') && mit.some((file) => /mit/i.test(file)) ? mit : files
}
