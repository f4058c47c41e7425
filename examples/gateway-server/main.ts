// Starts the gateway as its environment says; see README.md.
import { hostname } from 'node:os'
import { type GatewayOptions, startGateway } from './server.ts'
import { sqliteState } from './state/sqlite.ts'

/** The state that a path of an SQLite file or an address of PostgreSQL names, and what goes with it. */
async function openState(place: string, secret: string): Promise<Partial<GatewayOptions>> {
  const { GATEWAY_DATABASE = '{}', GATEWAY_INTERNAL_URL, PORT } = process.env
  if (!/^postgres(ql)?:/.test(place)) return { secret, state: await sqliteState({ file: place, secret }) }
  const { postgresState } = await import('./state/postgres.ts')
  const state = await postgresState({ ...JSON.parse(GATEWAY_DATABASE), url: place, secret })
  return { secret, state, internalUrl: GATEWAY_INTERNAL_URL || `http://${hostname()}:${PORT || 3000}` }
}

async function main(): Promise<void> {
  const { GATEWAY_OPTIONS = '{}', GATEWAY_SECRET: secret, GATEWAY_STATE: place, PORT = '3000' } = process.env
  if (place && !secret) throw new Error('GATEWAY_STATE needs GATEWAY_SECRET.')
  const kept = place && secret ? await openState(place, secret) : secret && { secret }
  const gateway = await startGateway({ port: Number(PORT), ...JSON.parse(GATEWAY_OPTIONS), ...kept })
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => gateway.close().then(() => process.exit()))
}
void main()
