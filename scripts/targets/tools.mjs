// Installs below `target` what a Linux host needs to build for other platforms, in pinned versions.
import { mkdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { onceForFile } from '../lib/files.mjs'
import { ROOT } from '../lib/paths.mjs'
import { capture, run } from '../lib/run.mjs'

export const TOOLS = join(ROOT, 'target', 'tools')

const REQUIREMENTS = join(ROOT, 'scripts', 'targets', 'requirements.txt')
const ZIGBUILD = join(TOOLS, 'zigbuild')

/** Zig and cargo-zigbuild. @returns {Promise<Record<string, string>>} the environment in which cargo finds them */
export async function zigbuild() {
  await onceForFile(REQUIREMENTS, join(ZIGBUILD, 'stamp'), async () => {
    await rm(ZIGBUILD, { recursive: true, force: true })
    await mkdir(ZIGBUILD, { recursive: true })
    await pip(['install', '--require-hashes', '--target', ZIGBUILD, '--requirement', REQUIREMENTS])
  })
  return {
    CARGO_ZIGBUILD_ZIG_PATH: join(ZIGBUILD, 'ziglang', 'zig'),
    PATH: [join(ZIGBUILD, 'bin'), process.env.PATH].join(delimiter),
  }
}

/** Python's installer: Zig comes as a package of it, with a hash. */
export async function pip(parameters) {
  const { ok, output } = await capture('python3', ['-m', 'pip', '--version'])
  if (!ok) throw new Failure(`Python 3 with pip is needed, on Debian: apt-get install python3-pip\n${output}`.trim())
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:']
  const [command, ...rest] = parameters
  await run('python3', ['-m', 'pip', command, ...options, ...rest], { what: 'pip' })
}

/** Rust's standard library for a platform. */
export async function rustStandardLibrary(triple) {
  const { ok, stdout } = await capture('rustup', ['target', 'list', '--installed'], { cwd: ROOT })
  if (!ok) throw new Failure('rustup is needed to build for other platforms: https://rustup.rs')
  if (stdout.split('\n').includes(triple)) return
  await run('rustup', ['target', 'add', triple], { cwd: ROOT, what: `rustup target add ${triple}` })
}
