// Uses the installed package, with features that every runtime has. Variables: ADDON is the file that must be loaded,
// BASE_URL the address of Railway's fake server, TRUSTED_URL the same by TLS with a certificate that the system trusts,
// UNTRUSTED_URL with one that it does not trust.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

import { isGatewayError, namespace, railway, render, vercel } from '@computesdk/gateway'

const { ADDON, BASE_URL: baseUrl, TRUSTED_URL, UNTRUSTED_URL } = process.env

for (const factory of [namespace, railway, render, vercel]) assert.equal(typeof factory, 'function')
const require = createRequire(import.meta.url)
assert.equal(require('@computesdk/gateway').railway, railway)
// The loader can fall back to another addon, so this checks which one it has loaded.
assert.equal(require(ADDON).railway, railway)

const provider = railway({ baseUrl })
await roundTrip(provider)

const refused = await railway({ baseUrl, apiKey: 'wrong' }).list().catch((error) => error)
assert.ok(isGatewayError(refused) && refused instanceof Error, 'an error of the package')
assert.equal(refused.code, 'PERMISSION_DENIED')
const aborted = await provider.list({ signal: AbortSignal.abort() }).catch((error) => error)
assert.equal(aborted.code, 'ABORTED')
assert.throws(() => railway({ baseUrl: 'ftp://example.com' }), isGatewayError)

if (TRUSTED_URL) await roundTrip(railway({ baseUrl: TRUSTED_URL }))
if (UNTRUSTED_URL) {
  const untrusted = await railway({ baseUrl: UNTRUSTED_URL, maxRetries: 0 }).list().catch((error) => error)
  assert.equal(untrusted.code, 'NETWORK')
  assert.match(untrusted.message, /certificate|issuer|trust/i)
  console.log(`refused: ${untrusted.message}`)
}
console.log(`created, found, listed, destroyed${TRUSTED_URL ? ', by TLS too' : ''}`)

async function roundTrip(provider) {
  const { instance, instanceId } = await provider.create({ daemonConfig: { accessToken: 'token_xxx' } })
  assert.equal(instance.serviceId, instanceId)
  assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
  assert.ok((await provider.list({ managed: true })).some((entry) => entry.instanceId === instanceId))
  await provider.destroy(instanceId)
  assert.equal(await provider.getById(instanceId), null)
}
