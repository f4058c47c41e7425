// Certificates for this machine: one of an authority that a program can be made to trust, and a self-signed one.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { connect } from 'node:net'

import { listen } from '../../__test__/support/listen.mjs'
import { capture } from '../lib/run.mjs'

const DAYS = '2'

/** @param {string} folder @returns {Promise<{ authority: string, trusted: object, untrusted: object }>} */
export async function makeCertificates(folder) {
  const make = async (name, extensions, signer = []) => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`]
    const certificate = ['-days', DAYS, '-subj', `/CN=${name}`, ...signer, '-out', `${name}.pem`]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    const parameters = ['req', '-x509', ...key, ...certificate, ...added]
    await capture('openssl', parameters, { cwd: folder, failure: 'openssl req failed; it has to be installed.' })
  }
  const forThisMachine =
    ['basicConstraints=critical,CA:FALSE', 'subjectAltName=IP:127.0.0.1', 'extendedKeyUsage=serverAuth']
  await make('authority', ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'])
  await make('nobody', forThisMachine)
  await make('server', forThisMachine, ['-CA', 'authority.pem', '-CAkey', 'authority.key'])
  const read = async (name) => ({
    cert: await readFile(join(folder, `${name}.pem`)),
    key: await readFile(join(folder, `${name}.key`)),
  })
  return { authority: join(folder, 'authority.pem'), trusted: await read('server'), untrusted: await read('nobody') }
}

/** Ends TLS in front of a server. @returns {Promise<{ url: string, close: () => Promise<void> }>} */
export async function serveTls(certificate, url) {
  const server = createServer(certificate, (outer) => {
    const inner = connect(Number(new URL(url).port), '127.0.0.1')
    // A client does not trust the certificate, or closes the connection. The test expects it.
    for (const socket of [outer, inner]) socket.on('error', () => {})
    outer.on('close', () => inner.destroy())
    inner.on('close', () => outer.destroy())
    outer.pipe(inner).pipe(outer)
  })
  server.on('tlsClientError', () => {})
  const { port, close } = await listen(server)
  return { url: `https://127.0.0.1:${port}`, close }
}
