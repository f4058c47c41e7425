// Builds one target's addon, as it is released, into `artifacts`.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { replaceFile } from '../lib/files.mjs'
import { ROOT } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { artifactName, MACOS } from './list.mjs'
import { rustStandardLibrary, TOOLS, zigbuild } from './tools.mjs'

export const ARTIFACTS = join(ROOT, 'artifacts')

/** Stubs of Apple's frameworks: they only tell the linker which names exist. */
const FRAMEWORKS = join(ROOT, 'scripts', 'targets', 'apple')

/** The file that cargo makes, by the format. */
export const LIBRARY_NAMES = {
  elf: 'libcomputesdk_gateway.so',
  macho: 'libcomputesdk_gateway.dylib',
  pe: 'computesdk_gateway.dll',
}

/** The folder of the addons with test hooks, which are never released. */
export const TEST_ARTIFACTS = join(ARTIFACTS, 'test-hooks')

/**
 * Builds a target; with `testHooks` unoptimised, and with the exports that only tests use. Returns the artifact's path.
 *
 * @param {import('./list.mjs').Target} target
 */
export async function buildTarget(target, { testHooks = false } = {}) {
  const { rustTarget, command, env = {}, rustflags = [] } = await recipe(target)
  const flags = [...withoutPaths(), ...rustflags, ...target.rustflags]
  if (target.format === 'macho') {
    env.MACOSX_DEPLOYMENT_TARGET = MACOS[target.arch]
    // Without it the linker would write the file's path into it.
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
  const artifact = join(testHooks ? TEST_ARTIFACTS : ARTIFACTS, artifactName(target))
  await replaceFile(join(built, LIBRARY_NAMES[target.format]), artifact)
  return artifact
}

/** Builds with zig on Linux, elsewhere with the system's own linker. */
async function recipe(target) {
  if (process.platform !== 'linux') {
    return { rustTarget: target.triple, command: ['build', '--target', target.triple] }
  }
  const env = await zigbuild()
  if (target.format === 'pe') env.LIBNODE_PATH = await emptyLibnode()
  return {
    // The triple without the version of glibc.
    rustTarget: target.zig.replace(/\.[\d.]+$/, ''),
    command: ['zigbuild', '--target', target.zig],
    env,
    rustflags: target.format === 'macho' ? ['-L', `framework=${FRAMEWORKS}`] : [],
  }
}

/** Removes the builder's folders from the names of sources in the messages of panics. */
function withoutPaths() {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src')
  return [`--remap-path-prefix=${registry}=/registry`, `--remap-path-prefix=${ROOT}=/gateway`]
}

/**
 * For Windows with GNU's names napi-build needs a libnode.dll to link with, and Node does not come with one. The addon
 * finds Node's functions itself, in the program that has loaded it, so an empty library is enough.
 */
async function emptyLibnode() {
  const folder = join(TOOLS, 'libnode')
  await mkdir(folder, { recursive: true })
  if (!existsSync(join(folder, 'libnode.dll'))) await writeFile(join(folder, 'libnode.dll'), '')
  await writeFile(join(folder, 'libnode.a'), '!<arch>\n')
  return folder
}
