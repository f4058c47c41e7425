// The expectations of a published package's manifest and files.
import { Failure } from '../lib/failure.mjs'
import { NOTICES, platformsOf } from './manifests.mjs'

/** The scripts that npm runs on a user's machine, or would run with a git dependency. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack', 'postpack', 'preprepare']

/** The fields that every package has from the checkout. Without `repository` npm accepts no provenance. */
const SHARED = ['type', 'license', 'author', 'engines', 'repository', 'homepage', 'bugs', 'publishConfig']

/** The files of every tarball, whatever `files` says. */
const ALWAYS = ['LICENSE', 'README.md', 'package.json']

/** The files that `index.js` requires. */
const LOADER = ['src/node/bridge.js', 'src/node/diagnostics.js', 'src/node/load.js', 'src/node/load-error.js']

/** The root package: the loader in both module systems, its types, and nothing of the checkout. */
export function expectRoot(manifest, files, checkout) {
  const { name, version } = checkout
  expectFields(manifest, pick(checkout, ['name', 'version', ...SHARED]))
  expectSame(`${name}: dependencies`, Object.keys(manifest.dependencies ?? {}), [])
  expectNoScripts(name, manifest)
  const exact = platformsOf(checkout).map(({ platform }) => [`${name}-${platform}`, version])
  expectSame(`${name}: optionalDependencies`, sorted(manifest.optionalDependencies), sorted(Object.fromEntries(exact)))
  const named = [manifest.main, manifest.types, ...filesOf(manifest.exports)].map((path) => path.replace(/^\.\//, ''))
  expectSame(`${name}: files`, [...files].sort(), [...new Set([...ALWAYS, ...LOADER, ...named])].sort())
}

/** A platform package: one addon, which only the systems install that can load it. */
export function expectPlatform(manifest, files, { platform, addon, os, cpu, libc }, checkout) {
  const name = `${checkout.name}-${platform}`
  const shared = pick(checkout, ['version', ...SHARED])
  expectFields(manifest, { name, ...shared, os, cpu, libc, main: addon, files: [addon, NOTICES] })
  for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies']) {
    expectSame(`${name}: ${kind}`, Object.keys(manifest[kind] ?? {}), [])
  }
  expectNoScripts(name, manifest)
  if (files) expectSame(`${name}: files`, [...files].sort(), [...ALWAYS, addon, NOTICES].sort())
}

export function expectSame(what, got, expected) {
  const [left, right] = [got, expected].map((value) => JSON.stringify(value))
  if (left !== right) throw new Failure(`${what}: ${left}, expected ${right}`)
}

export function expectNoScripts(name, { scripts = {} }) {
  const found = INSTALL_SCRIPTS.filter((script) => Object.hasOwn(scripts, script))
  expectSame(`${name}: scripts that run on a user’s machine`, found, [])
}

/** Returns the paths in an exports map. */
function filesOf(node) {
  return typeof node === 'string' ? [node] : Object.values(node ?? {}).flatMap(filesOf)
}

const expectFields = (manifest, wanted) => expectSame(wanted.name, pick(manifest, Object.keys(wanted)), wanted)

const pick = (manifest, keys) => Object.fromEntries(keys.map((key) => [key, manifest[key]]))

const sorted = (object = {}) => Object.fromEntries(Object.entries(object).sort())
