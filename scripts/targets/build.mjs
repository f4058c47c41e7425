// Builds one target's addon, as it is released, into `artifacts`.
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { artifactName, MACOS } from './list.mjs'
import { rustStandardLibrary, TOOLS, zigbuild } from './tools.mjs'

export const ARTIFACTS = join(ROOT, 'artifacts')

/** Stubs of Apple's: only names, of which the linker wants to know where they are. */
const FRAMEWORKS = join(ROOT, 'scripts', 'targets', 'apple')

const LIBRARY_NAMES = {
  elf: 'libcomputesdk_gateway.so',
  macho: 'libcomputesdk_gateway.dylib',
  pe: 'computesdk_gateway.dll',
}

/** Where those with test hooks are kept, which are never released. */
export const TEST_ARTIFACTS = join(ARTIFACTS, 'test-hooks')

/**
 * @param {import('./list.mjs').Target} target
 * @param {object} [options]
 * @param {boolean} [options.testHooks] unoptimised, and with the exports that only tests use
 * @returns {Promise<string>} the artifact's path
 */
export async function buildTarget(target, { testHooks = false } = {}) {
  const { rustTarget, command, env = {}, rustflags = [] } = await recipe(target)
  const flags = [...withoutPaths(), ...rustflags, ...target.rustflags]
  if (target.format === 'macho') {
    env.MACOSX_DEPLOYMENT_TARGET = MACOS[target.arch]
    // The linker would write down where it puts the file.
    flags.push('-C', `link-arg=-Wl,-install_name,@rpath/${artifactName(target)}`)
  }
  await rustStandardLibrary(rustTarget)
  const kind = testHooks ? ['--features', 'test-hooks'] : ['--release']
  await run('cargo', [...command, ...kind, '--lib', '--locked'], {
    cwd: ROOT,
    env: { ...process.env, CARGO_PROFILE_DEV_DEBUG: '0', ...env, RUSTFLAGS: flags.join(' ') },
    what: `Building ${target.triple}`,
  })
  const built = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), rustTarget, testHooks ? 'debug' : 'release')
  const folder = testHooks ? TEST_ARTIFACTS : ARTIFACTS
  return keep(join(built, LIBRARY_NAMES[target.format]), folder, artifactName(target))
}

/** On Linux by zig, elsewhere by the system's own linker. */
async function recipe(target) {
  if (process.platform !== 'linux') {
    return { rustTarget: target.triple, command: ['build', '--target', target.triple] }
  }
  const env = await zigbuild()
  if (target.format === 'pe') env.LIBNODE_PATH = await emptyLibnode()
  return {
    // Without the version of glibc at its end.
    rustTarget: target.zig.replace(/\.[\d.]+$/, ''),
    command: ['zigbuild', '--target', target.zig],
    env,
    rustflags: target.format === 'macho' ? ['-L', `framework=${FRAMEWORKS}`] : [],
  }
}

/** Sources are named in panics' messages: without the folders of whoever builds. */
function withoutPaths() {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src')
  return [`--remap-path-prefix=${registry}=/registry`, `--remap-path-prefix=${ROOT}=/gateway`]
}

/**
 * For Windows with GNU's names napi-build wants a libnode.dll to link with, and a plain Node has none. The addon finds
 * Node's functions by itself, in whatever program has loaded it: an empty library will do.
 */
async function emptyLibnode() {
  const folder = join(TOOLS, 'libnode')
  await mkdir(folder, { recursive: true })
  if (!existsSync(join(folder, 'libnode.dll'))) await writeFile(join(folder, 'libnode.dll'), '')
  await writeFile(join(folder, 'libnode.a'), '!<arch>\n')
  return folder
}

/** In one step: whoever loads it meanwhile is not disturbed. */
async function keep(from, folder, name) {
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${process.pid}.${name}`)
  await copyFile(from, temporary)
  await rename(temporary, join(folder, name))
  return join(folder, name)
}
