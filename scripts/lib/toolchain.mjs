import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from './failure.mjs'
import { ROOT, tool } from './paths.mjs'
import { capture } from './run.mjs'
import { compareVersions } from './versions.mjs'

/** Throws with one line if the addon cannot be built here, before a build tool fails with fifty lines. */
export async function requireToolchain() {
  const [cargo, rustc, manifest] = await Promise.all([
    capture('cargo', ['--version'], { cwd: ROOT }),
    capture('rustc', ['--version'], { cwd: ROOT }),
    readFile(join(ROOT, 'Cargo.toml'), 'utf8'),
  ])
  for (const { ok, status, output } of [cargo, rustc]) {
    if (status === 'ENOENT') {
      throw new Failure('Rust is needed to build the addon: install it from https://rustup.rs and run this again.')
    }
    const [reason] = output.trim().split('\n')
    if (!ok) throw new Failure(`Rust is needed to build the addon, and the one here does not start: ${reason}`)
  }
  const needed = /^rust-version\s*=\s*"([\d.]+)"/m.exec(manifest)?.[1]
  const present = /^rustc (\d+\.\d+\.\d+)/.exec(rustc.stdout)?.[1]
  if (needed && present && compareVersions(present, needed) < 0) {
    throw new Failure(
      `Rust ${needed} or newer is needed to build the addon, and this is ${present}: ` +
        'run `rustup update stable` and then this again.',
    )
  }
  if (!tool('@napi-rs/cli', 'package.json')) {
    throw new Failure('The development dependencies are missing: run `npm ci` and then this again.')
  }
}
