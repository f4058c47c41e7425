// Starts the gateway as its environment says; see README.md.
import { startGateway } from './server.ts'
import { sqliteState } from './state/sqlite.ts'

async function main(): Promise<void> {
  const { GATEWAY_OPTIONS = '{}', GATEWAY_SECRET: secret, GATEWAY_STATE: file, PORT = '3000' } = process.env
  if (file && !secret) throw new Error('GATEWAY_STATE needs GATEWAY_SECRET.')
  const kept = file && secret ? { secret, state: await sqliteState({ file, secret }) } : { ...(secret && { secret }) }
  const gateway = await startGateway({ port: Number(PORT), ...JSON.parse(GATEWAY_OPTIONS), ...kept })
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => gateway.close().then(() => process.exit()))
}
void main()
