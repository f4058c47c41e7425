/**
 * A build of the addon that may speak HTTP/2, which the shipped one does not. Made from a copy, because the lock file
 * of the package does not know what HTTP/2 needs, and shall not.
 */
import { copyFile, cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure } from '../../scripts/lib/failure.mjs'
import { ROOT } from '../../scripts/lib/paths.mjs'
import { run } from '../../scripts/lib/run.mjs'
import { TARGET } from './load.mjs'

const COPIED = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'rust-toolchain.toml', 'src']

const LIBRARIES = {
  linux: 'libcomputesdk_gateway.so',
  darwin: 'libcomputesdk_gateway.dylib',
  win32: 'computesdk_gateway.dll',
}

/** @returns {Promise<string>} the addon's file */
export async function buildWithHttp2() {
  const library = LIBRARIES[process.platform]
  if (!library) throw new Failure(`It is not known what cargo calls a library on ${process.platform}.`)
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
  await copyFile(join(folder, 'release', library), addon)
  return addon
}
