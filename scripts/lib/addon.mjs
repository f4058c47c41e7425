import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { Failure } from './failure.mjs'
import { filesBelow, replaceFile, inNewFolder } from './files.mjs'
import { ADDON, ADDON_NAME, ROOT, TEST_HOOKS_ADDON, tool } from './paths.mjs'
import { writeEntries } from './module.mjs'
import { capture, run } from './run.mjs'
import { requireToolchain } from './toolchain.mjs'

const STATE = join(ROOT, 'target', 'addon')
const LOADER = ['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts'].map((name) => join(ROOT, name))

/** What both builds of the package make, so that either is good enough. `stamp` holds the fingerprint of the last. */
const PACKAGE = { outputs: [ADDON, ...LOADER], stamp: join(STATE, 'release.stamp') }
const TEST_HOOKS = { outputs: [TEST_HOOKS_ADDON], stamp: join(STATE, 'test-hooks.stamp') }

/** The builds. `make` makes the `outputs` in a folder of their own, from which they go into the checkout. */
const KINDS = {
  release: { title: 'the addon', make: napi('--release'), ...PACKAGE },
  debug: { title: 'the addon, unoptimised', make: napi(), ...PACKAGE },
  'test-hooks': { title: 'the addon with test hooks', make: testHooks, ...TEST_HOOKS },
}

export const kinds = Object.keys(KINDS)

/**
 * Returns whether the outputs have to be built: they are missing, or were made from other sources than the present.
 * With `noBuild` they only have to exist.
 */
export async function needsBuild(kind, noBuild) {
  const { outputs, stamp } = KINDS[kind]
  const exists = outputs.every(existsSync)
  if (noBuild && !exists) throw new Failure(`Not built: ${kind}. Leave out --no-build.`)
  if (noBuild || !exists) return !exists
  return !existsSync(stamp) || (await readFile(stamp, 'utf8')) !== (await fingerprint(outputs))
}

/**
 * Builds. Cargo decides what has to be compiled. Unchanged outputs are left untouched, others are replaced in one step,
 * so that a process that is loading them is not disturbed.
 */
export async function build(kind) {
  await requireToolchain()
  const { title, make, outputs, stamp } = KINDS[kind]
  const sources = await sourcesHash()
  await inNewFolder('build', async (staging) => {
    await make(staging, (program, parameters) => run(program, parameters, { cwd: ROOT, what: `Building ${title}` }))
    for (const output of outputs) await install(join(staging, basename(output)), output)
  })
  await mkdir(STATE, { recursive: true })
  await writeFile(stamp, await fingerprint(outputs, sources))
}

/** Returns a `make` by napi-rs. @param {string[]} profile its options */
function napi(...profile) {
  return async (staging, build) => {
    const outputs = ['--output-dir', staging, '--no-js', '--dts', 'index.d.ts']
    await build(process.execPath, [tool('@napi-rs/cli', 'dist/cli.js'), 'build', '--platform', ...profile, ...outputs])
    await writeEntries(staging)
  }
}

/** Builds with cargo, which shares its work with `cargo test`, and changes neither `index.js` nor `index.d.ts`. */
async function testHooks(staging, build) {
  const parameters = ['build', '--lib', '--features', 'test-hooks']
  await build('cargo', parameters)
  const { stdout } = await capture('cargo', [...parameters, '--message-format=json', '--quiet'], { cwd: ROOT })
  const messages = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const isAddon = ({ reason, target }) => reason === 'compiler-artifact' && target.kind.includes('cdylib')
  const library = messages.find(isAddon)?.filenames.find((name) => /\.(so|dylib|dll)$/.test(name))
  if (!library) throw new Failure('cargo built no library.')
  await copyFile(library, join(staging, ADDON_NAME))
}

async function install(from, to) {
  if (!existsSync(to) || (await hashOf(from)) !== (await hashOf(to))) await replaceFile(from, to)
}

/** Returns a fingerprint of the outputs and of their sources. */
async function fingerprint(outputs, sources = sourcesHash()) {
  return digest((await Promise.all([sources, ...outputs.map(hashOf)])).join('\n'))
}

/** Returns a fingerprint of all files that the build reads. */
async function sourcesHash() {
  const manifests = ['Cargo.toml', 'Cargo.lock', '.cargo/config.toml', 'rust-toolchain.toml']
  const sources = (await filesBelow(join(ROOT, 'src'))).map((name) => `src/${name}`)
  const all = [...manifests, 'build.rs', 'dts-header.d.ts', ...sources]
  const files = all.filter((name) => existsSync(join(ROOT, name)))
  const lines = await Promise.all(files.map(async (name) => `${name} ${await hashOf(join(ROOT, name))}`))
  // The build does not read the rest of package.json.
  const { name, version, napi: settings } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  return digest([...lines.sort(), JSON.stringify({ name, version, settings })].join('\n'))
}

const hashOf = async (file) => digest(await readFile(file))
const digest = (content) => createHash('sha256').update(content).digest('hex')
