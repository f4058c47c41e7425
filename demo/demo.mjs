#!/usr/bin/env node
// npm run demo                      Railway, against the test server of this repository
// npm run demo -- render            another provider
// npm run demo -- render --real     against the provider itself, with credentials from the environment
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { build, isCurrent, isPresent } from '../scripts/lib/addon.mjs'
import { Failure, runMain } from '../scripts/lib/failure.mjs'
import { tool } from '../scripts/lib/paths.mjs'
import { requireToolchain } from '../scripts/lib/toolchain.mjs'
import { listenForInterruption } from './interruption.mjs'
import { configure, mask, PROVIDERS } from './providers.mjs'
import { duration, Screen } from './screen.mjs'
import { tour } from './tour.mjs'

const DEFAULT_PROVIDER = 'railway'

const USAGE = `usage: npm run demo -- [provider] [--real [--yes]]

  provider   ${Object.keys(PROVIDERS).join(', ')} (default: ${DEFAULT_PROVIDER})
  --real     against the provider's own API, with credentials from the environment; asks before it creates
  --yes      do not ask`

const GATEWAY_URL = 'https://gateway.computesdk.com'
/** A create that was interrupted may take effect this much later. */
const SETTLE_SECONDS = '15'

const screen = new Screen(process.stdout)

await runMain(async () => {
  const options = readArguments()
  if (options.help) return console.log(USAGE)
  const entry = PROVIDERS[options.name]
  const real = options.real && describeReal(entry, options)
  await prepareAddon(options)
  const factory = (await import('../index.js')).default[entry.factory]
  return real ? runReal(entry, factory, real, options) : runOnTestServer(entry, factory, options)
})

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        real: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        // For tests and for those who work on the demo: another address for --real, another time to look for what an
        // interrupted create may still make, and the addon as it lies there.
        'base-url': { type: 'string' },
        settle: { type: 'string', default: SETTLE_SECONDS },
        'no-build': { type: 'boolean', default: false },
      },
    })
    const [name = DEFAULT_PROVIDER, ...rest] = positionals
    if (!Object.hasOwn(PROVIDERS, name)) {
      throw new Error(`unknown provider: ${name} (known: ${Object.keys(PROVIDERS).join(', ')})`)
    }
    if (rest.length > 0) throw new Error('one provider at a time')
    return { name, ...values }
  } catch (error) {
    throw new Failure(`${error.message}\n\n${USAGE}`, 2)
  }
}

async function prepareAddon({ 'no-build': noBuild }) {
  if (!tool('graphql', 'package.json')) {
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

// --- Against the test server -----------------------------------------------------------------------------------

async function runOnTestServer(entry, factory, { name }) {
  const { start } = await entry.testServer()
  const { server, environment } = await start({})
  try {
    // A proxy would be asked for an address that only this machine knows.
    process.env.NO_PROXY = process.env.no_proxy = '127.0.0.1'
    const { config, shown } = configure(entry, environment)
    const baseUrl = environment[entry.address]
    screen.title('@computesdk/gateway', entry.title, 'demo')
    screen.fact('server', baseUrl, `behaves as ${entry.title}'s API, on this machine`)
    for (const { label, value } of shown) screen.fact(label, value)
    screen.line()
    const took = await runTour(entry, factory({ ...config, baseUrl }), { settleMilliseconds: 0 })
    if (took === undefined) return
    screen.verdict(true, `One ${entry.title} ${entry.thing} created, found, listed and destroyed in ${duration(took)}.`)
    const { length } = server.requests
    const command = `npm run demo -- ${name === DEFAULT_PROVIDER ? '' : `${name} `}--real`
    screen.line(screen.paint('dim', `  ${length} requests. With your own account: ${command}`))
    screen.line()
  } finally {
    await server.close()
  }
}

// --- Against the provider --------------------------------------------------------------------------------------

/** Everything that can be refused before anything is built or asked. */
function describeReal(entry, options) {
  const { config, shown, missing } = configure(entry, process.env)
  if (missing.length > 0) {
    throw new Failure(`For --real, set in the environment: ${missing.join('; ')}.`, 2)
  }
  if (!options.yes && !process.stdin.isTTY) {
    throw new Failure(`--real creates a ${entry.thing} that may be billed: run it in a terminal, or add --yes.`, 2)
  }
  const baseUrl = options['base-url']
  const api = baseUrl ?? (process.env[entry.apiVariable] || entry.api)
  return { config: baseUrl ? { ...config, baseUrl } : config, shown, api }
}

async function runReal(entry, factory, { config, shown, api }, { yes, settle }) {
  const name = newName()
  screen.title('@computesdk/gateway', entry.title, 'the real one')
  screen.fact('api', api)
  for (const { label, value, variable } of shown) screen.fact(label, value, `from ${variable}`)
  screen.fact('creates', `one ${entry.thing}, ${name}`, 'and destroys it; may be billed')
  screen.line()
  if (!yes && !(await confirm(`  Create it? ${screen.paint('dim', '[y/N]')} `))) {
    screen.line('Nothing was created.')
    return
  }
  const took = await runTour(entry, factory(config), { name, settleMilliseconds: settle * 1000 })
  if (took === undefined) return
  screen.verdict(true, `One ${entry.title} ${entry.thing} created, found, listed and destroyed in ${duration(took)}.`)
  screen.line()
}

/** @returns {Promise<boolean>} */
function confirm(question) {
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  return new Promise((resolve) => {
    prompt.once('SIGINT', () => {
      process.exitCode = 130
      screen.line()
      prompt.close()
    })
    prompt.once('close', () => resolve(false)) // Ctrl-C or Ctrl-D; after an answer it changes nothing
    prompt.question(question, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()))
      prompt.close()
      screen.line()
    })
  })
}

// --- Both ------------------------------------------------------------------------------------------------------

/** @returns {Promise<number | undefined>} milliseconds; `undefined` when it did not go through, which it has told */
async function runTour(entry, provider, { name = newName(), settleMilliseconds }) {
  const accessToken = `demo_${randomBytes(16).toString('hex')}`
  const interruption = listenForInterruption({
    onFirst: () => screen.warn('Interrupted: removing what was created. Once more leaves it as it is.'),
    onSecond: () => screen.verdict(false, `Not finished: look at ${entry.title} for a ${entry.thing} called ${name}.`),
  })
  const start = performance.now()
  try {
    await tour({
      provider,
      thing: entry.thing,
      request: {
        ...entry.request,
        name,
        daemonConfig: { accessToken, gatewayUrl: GATEWAY_URL },
        waitUntilReady: true,
      },
      remarks: [`daemon token ${mask(accessToken)}, gateway ${new URL(GATEWAY_URL).host}`],
      screen,
      signal: interruption.signal,
      settleMilliseconds,
    })
    screen.line()
    return performance.now() - start
  } catch (error) {
    screen.line()
    process.exitCode = conclude(entry, error, interruption)
    screen.line()
    return undefined
  } finally {
    interruption.stop()
  }
}

/** Says how it ended. @returns {number} exit code */
function conclude({ title, thing }, error, interruption) {
  if (error.left) {
    const { name, instanceId } = error.left
    const what = `the ${thing} ${name}${instanceId ? ` (id ${instanceId})` : ''}`
    screen.verdict(false, `Could not make sure that ${what} is gone: look at ${title} and delete it by hand.`)
    return 1
  }
  if (interruption.happened) {
    screen.verdict(true, 'Interrupted. Nothing is left behind.')
    return interruption.exitCode
  }
  screen.verdict(false, `The demo failed (${error.code ?? error.message}); nothing is left behind.`)
  if (['UNAUTHENTICATED', 'PERMISSION_DENIED'].includes(error.code)) {
    screen.line('  Are the token, and the ids above, the right ones?')
  }
  return 1
}

function newName() {
  return `computesdk-demo-${randomBytes(4).toString('hex')}`
}
