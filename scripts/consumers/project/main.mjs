// Creates and destroys an instance at a fake server. Every consumer does this. The last line names the loaded addon.
import assert from 'node:assert/strict'

import { CHANNELS, isGatewayError, railway } from '@computesdk/gateway'

async function main() {
  const provider = railway({ baseUrl: process.env.RAILWAY_BASE_URL })
  const { instanceId } = await provider.create({ daemonConfig: { accessToken: 'token_xxx' } })
  assert.ok(await provider.getById(instanceId))
  await provider.destroy(instanceId)
  assert.equal(await provider.getById(instanceId), null)
  await assert.rejects(provider.destroy(''), isGatewayError)
  assert.equal(CHANNELS.create, '@computesdk/gateway:create')

  process.report.excludeNetwork = true
  const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
  console.log(`create, destroy with ${addons}`)
}

main()
