const assert = require('node:assert/strict')

const gateway = require('@computesdk/gateway')

const { isGatewayError, railway } = gateway
const { RAILWAY_BASE_URL: baseUrl } = process.env

async function main() {
  const provider = railway({ baseUrl })
  const { instanceId } = await provider.create({ daemonConfig: { accessToken: 'token_xxx' } })
  const listed = await provider.list({ managed: true })
  assert.deepEqual(listed.map((entry) => entry.instanceId), [instanceId])
  await provider.destroy(instanceId)
  assert.deepEqual(await provider.list(), [])
  await assert.rejects(provider.getById(''), isGatewayError)

  process.report.excludeNetwork = true
  const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
  console.log(`create, destroy with ${addons}`)
}

main()
