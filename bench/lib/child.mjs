/** Runs one measure of one candidate in a process of its own, so that none inherits another's heap or connections. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { withoutCredentials } from '../../scripts/lib/environment.mjs'
import { Failure } from '../../scripts/lib/failure.mjs'

const ENTRY = fileURLToPath(new URL('../processes/measure.mjs', import.meta.url))

/**
 * @param {{ id: string, module: string, binary?: string }} candidate
 * @param {{ measure: string } & Record<string, unknown>} job what to do; see bench/measures
 * @param {string} [authority] file of a certificate to trust; only for TLS, because reading it takes Node time and memory
 * @returns {Promise<Record<string, number>>}
 */
export async function measure({ id, module, binary }, job, authority) {
  const parameters = [ENTRY, JSON.stringify({ ...job, module })]
  const child = spawn(process.execPath, parameters, {
    env: environmentFor(binary, authority),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) throw new Failure(`The measure ${job.measure} of ${id} failed (${code ?? signal}).`)
  return JSON.parse(output)
}

/** The addon reads the first name of the certificate's file, Node the second. */
function environmentFor(binary, authority) {
  return {
    ...withoutCredentials(),
    ...(authority && { SSL_CERT_FILE: authority, NODE_EXTRA_CA_CERTS: authority }),
    ...(binary?.endsWith('.js') && { GATEWAY_ENTRY: binary }),
    ...(binary?.endsWith('.node') && { NAPI_RS_NATIVE_LIBRARY_PATH: binary }),
  }
}
