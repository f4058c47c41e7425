/**
 * A build of the addon that may speak HTTP/2, which the shipped one does not. Made from a copy, because the lock file
 * of the package does not know what HTTP/2 needs, and shall not.
 */
import { copyFile, cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../../scripts/lib/failure.mjs'
import { PLATFORM, ROOT } from '../../scripts/lib/paths.mjs'
import { run } from '../../scripts/lib/run.mjs'
import { LIBRARY_NAMES } from '../../scripts/targets/build.mjs'
import { TARGETS } from '../../scripts/targets/list.mjs'
import { TARGET } from './load.mjs'

const COPIED = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'rust-toolchain.toml', 'src']

/** @returns {Promise<string>} the addon's file */
export async function buildWithHttp2() {
  const target = TARGETS.find(({ name }) => name === PLATFORM)
  if (!target) throw new Failure(`It is not known what cargo calls a library on ${PLATFORM}.`)
  const folder = join(TARGET, 'http2')
  const copy = join(folder, 'source')
  await mkdir(copy, { recursive: true })
  for (const name of COPIED) {
    // Cargo goes by the time of a file.
    await cp(join(ROOT, name), join(copy, name), { recursive: true, preserveTimestamps: true })
  }
  const parameters = ['build', '--release', '--lib', '--features', 'http2,reqwest/http2', '--target-dir', folder]
  await run('cargo', parameters, { cwd: copy, what: 'Building the addon with HTTP/2' })
  const addon = join(folder, 'gateway-http2.node')
  await copyFile(join(folder, 'release', LIBRARY_NAMES[target.format]), addon)
  return addon
}
