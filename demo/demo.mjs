#!/usr/bin/env node
// npm run demo                      the whole picture on this machine, at Railway's test server
// npm run demo -- render            at another provider's
// npm run demo -- --trace            and what the package published of its calls, as a tree with times
// npm run demo -- --gateways 3      several gateways with one PostgreSQL; one of them is killed, and the database
// npm run demo -- render --real     the package at the provider itself, with credentials from the environment
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

import { build, isCurrent, isPresent } from '../scripts/lib/addon.mjs'
import { Failure, runMain } from '../scripts/lib/failure.mjs'
import { tool } from '../scripts/lib/paths.mjs'
import { requireToolchain } from '../scripts/lib/toolchain.mjs'
import { countOf, requirePostgres, showGateways } from './gateways.mjs'
import { PROVIDERS } from './providers.mjs'
import { describeReal, runReal } from './real.mjs'
import { Screen } from './screen.mjs'
import { startTrace } from './trace.mjs'

const DEFAULT_PROVIDER = 'railway'

const USAGE = `usage: npm run demo -- [provider] [--trace] [--gateways N | --real [--yes]]

  provider   ${Object.keys(PROVIDERS).join(', ')} (default: ${DEFAULT_PROVIDER})
  --trace    prints the calls that the package made, with times, from what it publishes on its channels
  --gateways so many gateways that share a PostgreSQL, on this machine
  --real     against the provider's own API, with credentials from the environment; asks before it creates
  --yes      do not ask`

/** A create that was interrupted may take effect this much later. */
const SETTLE_SECONDS = '15'

const screen = new Screen(process.stdout)

await runMain(async () => {
  const options = readArguments()
  if (options.help) return console.log(USAGE)
  const entry = PROVIDERS[options.name]
  const real = options.real && describeReal(entry, options)
  if (options.gateways !== undefined) await requirePostgres()
  if (!real) await entry.check?.()
  await prepareAddon(options)
  if (options.gateways !== undefined) return showGateways(entry, screen, options.gateways)
  // The object from which the package takes its exports: the picture replaces a factory in it before the gateway's import.
  const addon = createRequire(import.meta.url)('../src/node/load.js')()
  const trace = options.trace ? startTrace(addon.CHANNELS) : undefined
  if (real) return runReal(entry, addon[entry.factory], screen, real, options).finally(() => trace?.print(screen))
  const isReal = entry.remark !== undefined
  const realCommand = isReal ? undefined : `npm run demo -- ${options.name === DEFAULT_PROVIDER ? '' : `${options.name} `}--real`
  // Only now: it needs the development dependencies.
  const { showPicture } = await import('./picture.mjs')
  return showPicture(entry, addon, screen, { realCommand, trace })
})

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        provider: { type: 'string' },
        trace: { type: 'boolean', default: false },
        gateways: { type: 'string' },
        real: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        // For tests and for those who work on the demo: another address for --real, another time to look for what an
        // interrupted create may still make, and the addon as it lies there.
        'base-url': { type: 'string' },
        settle: { type: 'string', default: SETTLE_SECONDS },
        'no-build': { type: 'boolean', default: false },
      },
    })
    const named = values.provider === undefined ? positionals : [values.provider, ...positionals]
    const [name = DEFAULT_PROVIDER, ...rest] = named
    if (!Object.hasOwn(PROVIDERS, name)) {
      throw new Error(`unknown provider: ${name} (known: ${Object.keys(PROVIDERS).join(', ')})`)
    }
    if (rest.length > 0) throw new Error('one provider at a time')
    if (values.gateways !== undefined && values.trace) throw new Error('either --gateways or --trace')
    if (values.gateways !== undefined && values.real) throw new Error('either --gateways or --real')
    return { ...values, name, ...(values.gateways !== undefined && { gateways: countOf(values.gateways) }) }
  } catch (error) {
    throw new Failure(`${error.message}\n\n${USAGE}`, 2)
  }
}

async function prepareAddon({ 'no-build': noBuild }) {
  if (!tool('computesdk', 'package.json')) {
    throw new Failure('The development dependencies are missing: run `npm ci` first.')
  }
  if (noBuild) {
    if (!isPresent('release')) throw new Failure('The addon is not built: leave out --no-build.')
    return
  }
  if (await isCurrent('release')) return
  await requireToolchain()
  let crates = 0
  await screen.progress('Building the addon, a minute or two the first time', 'Addon built', (note) =>
    build('release', {
      quietly: (line) => {
        if (/^\s+Compiling /.test(line)) note(`${(crates += 1)} compiled`)
      },
    }),
  )
}
