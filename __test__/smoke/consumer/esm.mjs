import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

import * as imported from '@computesdk/gateway'
import { isGatewayError, railway } from '@computesdk/gateway'
import manifest from '@computesdk/gateway/package.json' with { type: 'json' }

assert.equal(manifest.name, '@computesdk/gateway')

// One addon for both module systems: the same functions, by the same names.
const required = createRequire(import.meta.url)('@computesdk/gateway')
assert.deepEqual(publicNames(imported), publicNames(required))
for (const name of publicNames(imported)) assert.equal(imported[name], required[name])

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

process.report.excludeNetwork = true
const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
console.log(`create, destroy with ${addons}`)

/** Without what the module systems and the loader put beside the exports. */
function publicNames(exports) {
  return Object.keys(exports).filter((name) => !/^(default|module\.exports|__)/.test(name)).sort()
}
