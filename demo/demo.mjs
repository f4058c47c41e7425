#!/usr/bin/env node
// npm run demo: shows the package at work, from the client to the daemon. USAGE names the other modes.
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

import { build, needsBuild } from '../scripts/lib/addon.mjs'
import { Failure, runMain } from '../scripts/lib/failure.mjs'
import { PROVIDERS } from './providers.mjs'
import { Screen } from './screen.mjs'
import { startTrace } from './trace.mjs'

const NAMES = Object.keys(PROVIDERS).join(', ')
const USAGE = `usage: npm run demo -- [provider] [--trace] [--gateways N | --real [--yes]]

  provider   ${NAMES} (default: railway)
  --trace    prints the calls that the package made, with times, from what it publishes on its channels
  --gateways so many gateways that share a PostgreSQL, on this machine
  --real     against the provider's own API, with credentials from the environment; asks first, unless with --yes`

await runMain(async () => {
  const { name, ...options } = readArguments()
  if (options.help) return console.log(USAGE)
  const entry = { ...PROVIDERS[name], factory: name }
  const screen = new Screen(process.stdout)
  const { requirePostgres, showGateways } = options.gateways ? await import('../__test__/gateway/show.mjs') : {}
  requirePostgres?.()
  const { describeReal, showReal } = options.real ? await import('../__test__/smoke/real.mjs') : {}
  const real = describeReal?.(entry, options)
  if (name === 'docker') await (await import('../__test__/servers/docker/start.mjs')).findEngine()
  if (await needsBuild('release', options['no-build'])) await build('release')
  if (showGateways) return showGateways(entry, screen, Number(options.gateways))
  // The package takes its exports from this object. The demo replaces a factory in it before the gateway imports it.
  const addon = createRequire(import.meta.url)('../src/node/load.js')()
  const printTrace = options.trace ? startTrace(addon.CHANNELS, screen) : () => {}
  if (real) return showReal(entry, addon[name], screen, real, options).finally(printTrace)
  const { showLocal } = await import('./local.mjs') // only here, because it needs the development dependencies
  return showLocal(entry, addon, screen, printTrace)
})

function readArguments() {
  const [boolean, string] = [{ type: 'boolean' }, { type: 'string' }]
  // The last three are for tests: the search after an interrupted create, the address for --real, the addon as it is.
  const switches = { help: { ...boolean, short: 'h' }, trace: boolean, real: boolean, yes: boolean }
  const values = { provider: string, gateways: string, settle: { ...string, default: '15' }, 'base-url': string }
  const options = { ...switches, ...values, 'no-build': boolean }
  try {
    const { values: given, positionals } = parseArgs({ allowPositionals: true, options })
    const { provider, gateways, real, trace } = given
    const [name = 'railway', ...rest] = provider === undefined ? positionals : [provider, ...positionals]
    if (!Object.hasOwn(PROVIDERS, name)) throw new Error(`unknown provider: ${name} (known: ${NAMES})`)
    if (rest.length > 0) throw new Error('one provider at a time')
    if (gateways !== undefined && (trace || real)) throw new Error(`either --gateways or --${trace ? 'trace' : 'real'}`)
    if (gateways !== undefined && !/^[2-9]$/.test(gateways)) throw new Error(`--gateways 2 to 9, not ${gateways}`)
    return { ...given, name }
  } catch (error) {
    throw new Failure(`${error.message}\n\n${USAGE}`, 2)
  }
}
