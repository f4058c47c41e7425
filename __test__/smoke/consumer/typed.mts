import { isGatewayError, railway } from '@computesdk/gateway'
import type { GatewayError, InfraProvider, RailwayConfig, RailwayInstance } from '@computesdk/gateway'

const baseUrl = process.env['RAILWAY_BASE_URL'] ?? ''
const config: RailwayConfig = { baseUrl }
const provider: InfraProvider<RailwayInstance> = railway(config)

const { instance, instanceId } = await provider.create({ waitUntilReady: true })
const status: 'pending' | 'running' | 'stopped' | 'failed' | 'unknown' = instance.status
await provider.destroy(instanceId)
const gone: null | { instanceId: string } = await provider.getById(instanceId)

let failure: GatewayError | undefined
try {
  await provider.destroy('')
} catch (error) {
  if (isGatewayError(error)) failure = error
}
if (status !== 'running' || gone !== null || failure?.code !== 'INVALID_ARGUMENT') process.exit(1)
console.log('create, destroy')
