import assert from 'node:assert/strict'

import gateway, { isGatewayError, railway } from '@computesdk/gateway'
import manifest from '@computesdk/gateway/package.json' with { type: 'json' }

assert.equal(gateway.railway, railway)
assert.equal(manifest.name, '@computesdk/gateway')

const { RAILWAY_BASE_URL: baseUrl } = process.env
const provider = railway({ baseUrl })
assert.deepEqual(Object.keys(provider), ['name', 'create', 'getById', 'list', 'destroy'])

const { instance, instanceId } = await provider.create({
  daemonConfig: { accessToken: 'token_xxx', gatewayUrl: 'https://gateway.computesdk.com' },
})
assert.equal(instance.serviceId, instanceId)
assert.equal((await provider.getById(instanceId)).instanceId, instanceId)
assert.equal(await provider.destroy(instanceId), undefined)
assert.equal(await provider.getById(instanceId), null)
await assert.rejects(railway({ baseUrl, apiKey: 'wrong' }).list(), isGatewayError)

console.log(`create, destroy with ${loadedAddons()}`)

function loadedAddons() {
  process.report.excludeNetwork = true
  return process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
}
