// npm run demo -- <provider> --real: this package's four methods at the provider itself, without gateway and daemon.
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'

import { Failure } from '../scripts/lib/failure.mjs'
import { listenForInterruption } from './interruption.mjs'
import { configure, mask } from './providers.mjs'
import { duration } from './screen.mjs'
import { tour } from './tour.mjs'

const GATEWAY_URL = 'https://gateway.computesdk.com'

/** Everything that can be refused before anything is built or asked. */
export function describeReal(entry, options) {
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

export async function runReal(entry, factory, screen, { config, shown, api }, { yes, settle }) {
  const name = newName()
  screen.title('@computesdk/gateway', entry.title, 'the real one')
  screen.fact('api', api)
  for (const { label, value, variable } of shown) screen.fact(label, value, `from ${variable}`)
  screen.fact('creates', `one ${entry.thing}, ${name}`, 'and destroys it; may be billed')
  screen.line()
  if (!yes && !(await confirm(screen, `  Create it? ${screen.paint('dim', '[y/N]')} `))) {
    screen.line('Nothing was created.')
    return
  }
  const took = await runTour(entry, factory(config), screen, { name, settleMilliseconds: settle * 1000 })
  if (took === undefined) return
  screen.verdict(true, `One ${entry.title} ${entry.thing} created, found, listed and destroyed in ${duration(took)}.`)
  screen.line()
}

/** @returns {Promise<boolean>} */
function confirm(screen, question) {
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

/** @returns {Promise<number | undefined>} milliseconds; `undefined` when it did not go through, which it has told */
async function runTour(entry, provider, screen, { name, settleMilliseconds }) {
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
    process.exitCode = conclude(entry, error, screen, interruption)
    screen.line()
    return undefined
  } finally {
    interruption.stop()
  }
}

/** Says how it ended. @returns {number} exit code */
function conclude({ title, thing }, error, screen, interruption) {
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
