// npm run demo -- <provider> --real: the package's four methods at the provider itself, without gateway and daemon.
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { listenForInterruption } from '../../demo/run.mjs'
import { duration } from '../../demo/screen.mjs'
import { Failure } from '../../scripts/lib/failure.mjs'
import { createSteps } from '../support/steps.mjs'

/** For each provider: the name of an instance, the address, the options of `create`, and the variables of fields. */
const PROVIDERS = {
  railway: {
    thing: 'service',
    api: 'https://backboard.railway.com',
    fields: {
      token: { RAILWAY_API_KEY: 'apiKey', RAILWAY_API_TOKEN: 'apiKey', RAILWAY_TOKEN: 'projectToken' },
      project: { RAILWAY_PROJECT_ID: 'projectId' },
      environment: { RAILWAY_ENVIRONMENT_ID: 'environmentId' },
    },
  },
  render: {
    thing: 'service',
    api: 'https://api.render.com/v1',
    // A web service has to listen on a port to count as up. The daemon only dials out.
    request: { serviceType: 'background_worker' },
    fields: { key: { RENDER_API_KEY: 'apiKey' }, workspace: { RENDER_OWNER_ID: 'ownerId' } },
  },
  namespace: {
    thing: 'instance',
    api: process.env.NSC_ENDPOINT || 'https://us.compute.namespaceapis.com', // the package reads the variable, too
    fields: { token: { NSC_TOKEN: 'token' } },
  },
  vercel: {
    thing: 'sandbox',
    api: 'https://vercel.com/api',
    fields: {
      token: { VERCEL_TOKEN: 'token', VERCEL_OIDC_TOKEN: 'oidcToken' },
      team: { VERCEL_TEAM_ID: 'teamId' },
      project: { VERCEL_PROJECT_ID: 'projectId' },
    },
  },
  docker: { thing: 'container', api: 'the engine of this machine', fields: {} },
}
const SECRETS = ['token', 'key']
const GATEWAY = 'gateway.computesdk.com'
const DESTROY_TRIES = 3
const PAUSE_MILLISECONDS = 1000
/** How long an accepted deletion may take, as of a machine that shuts down. Meanwhile the instance is stopped. */
const GOING_MILLISECONDS = 120_000

/** Checks the variables before anything is built or sent. */
export function describeReal({ factory: name }, { yes, 'base-url': baseUrl }) {
  const { thing, api, fields } = PROVIDERS[name]
  const [config, missing, facts] = [baseUrl ? { baseUrl } : {}, [], [['api', baseUrl ?? api]]]
  for (const [label, variables] of Object.entries(fields)) {
    if (config.oidcToken) break // its claims name team and project
    const variable = Object.keys(variables).find((each) => process.env[each])
    if (!variable) missing.push(Object.keys(variables).join(' or '))
    else config[variables[variable]] = process.env[variable]
    facts.push([label, SECRETS.includes(label) ? mask(process.env[variable]) : process.env[variable], `from ${variable}`])
  }
  if (missing.length > 0) throw new Failure(`For --real, set in the environment: ${missing.join('; ')}.`, 2)
  const risk = `--real creates a ${thing} that may be billed`
  if (!yes && !process.stdin.isTTY) throw new Failure(`${risk}: run it in a terminal, or add --yes.`, 2)
  return { config, facts }
}

/** Returns the part of a secret that identifies it. */
const mask = (secret = '') => (secret.length < 16 ? '••••' : `••••${secret.slice(-4)}`)

export async function showReal({ title, factory: provider }, factory, screen, { config, facts }, { yes, settle }) {
  const { thing, request } = PROVIDERS[provider]
  const name = `computesdk-demo-${randomBytes(4).toString('hex')}`
  screen.title(title, 'the real one')
  const announcement = ['creates', `one ${thing}, ${name}`, 'and destroys it; may be billed']
  for (const fact of [...facts, announcement]) screen.fact(...fact)
  screen.line()
  const question = `  Create it? ${screen.paint('dim', '[y/N]')} `
  if (!yes && !(await confirm(question))) return screen.line('Nothing was created.')
  const first = 'Interrupted: removing what was created. Once more leaves it as it is.'
  const signal = listenForInterruption(screen, first, `Not finished: look at ${title} for a ${thing} called ${name}.`)
  const step = createSteps(screen)
  const fixture = { provider: factory(config), thing, name, step, signal, settleSeconds: Number(settle) }
  const daemonConfig = { accessToken: `demo_${randomBytes(16).toString('hex')}`, gatewayUrl: `https://${GATEWAY}` }
  const start = performance.now()
  try {
    await tour(fixture, { ...request, name, daemonConfig, waitUntilReady: true })
    const took = duration(performance.now() - start)
    screen.line()
    screen.result(true, `One ${title} ${thing} created, found, listed and destroyed in ${took}.`)
  } catch (error) {
    const { code, message, left } = error
    screen.line()
    if (left || !signal.aborted) process.exitCode = 1
    if (left) screen.result(false, `Could not make sure that ${left} is gone: look at ${title} and delete it by hand.`)
    else if (signal.aborted) screen.result(true, 'Interrupted. Nothing is left behind.')
    else screen.result(false, `The demo failed (${code ?? message}); nothing is left behind.`)
    const isRefused = ['UNAUTHENTICATED', 'PERMISSION_DENIED'].includes(code)
    if (isRefused && !left) screen.line('  Are the token, and the ids above, the right ones?')
  }
}

async function confirm(question) {
  const prompt = createInterface({ input: process.stdin, output: process.stdout })
  prompt.once('SIGINT', () => {
    process.exitCode = 130
    prompt.close()
  })
  const closed = new Promise((resolve) => prompt.once('close', () => resolve('no'))) // Ctrl-C or Ctrl-D
  const answer = await Promise.race([prompt.question(question), closed])
  prompt.close()
  console.log()
  return /^y(es)?$/i.test(answer.trim())
}

/** Runs create, getById, list, destroy and getById. In any case the instance is destroyed, or `left` names it. */
async function tour(fixture, request) {
  const { provider, thing, name, step, signal, settleSeconds } = fixture
  const token = `daemon token ${mask(request.daemonConfig.accessToken)}, gateway ${GATEWAY}`
  let id
  const create = async () => {
    const created = await provider.create({ ...request, signal })
    id = created.instanceId
    return created
  }
  try {
    await step('create', create, ({ instance }) => [`${instance.name}, ${instance.status}`, `id ${id}`, token])
    const get = () => expect(provider.getById(id, { signal }), Boolean, `null, although the ${thing} was just created`)
    await step('getById', get, ({ instance }) => `found, ${instance.status}`)
    const isListed = (all) => all.some(({ instanceId }) => instanceId === id)
    const list = () => expect(provider.list({ signal }), isListed, `the new ${thing} is not among them`)
    await step('list', list, ({ length }) => `${length} ${thing}${length === 1 ? '' : 's'}, the new one among them`)
    await remove(fixture, id, signal)
  } catch (error) {
    id ??= error.instanceId
    // A refused create has left nothing. If that is not certain, its error names what may exist.
    if (id === undefined && !error.resourceName && !signal.aborted) throw error
    try {
      // The request was given up, and may still take effect, so one lookup is not enough.
      const meanwhile = `looking for what the create may still make, up to ${settleSeconds} s`
      const look = async () => (await provider.list()).find(({ instance }) => instance.name === name)?.instanceId
      const describe = (found) => (found ? `found ${name}` : `no ${thing} called ${name}`)
      id ??= await step('list', () => poll(look, settleSeconds * 1000), describe, meanwhile)
      for (let tries = 1; id !== undefined; tries += 1) {
        const [{ reason }] = await Promise.allSettled([remove(fixture, id)])
        if (!reason) break
        if (tries === DESTROY_TRIES) throw reason
        await sleep(PAUSE_MILLISECONDS * tries)
      }
    } catch {
      error.left = `the ${thing} ${name}${id === undefined ? '' : ` (id ${id})`}`
    }
    throw error
  }
}

/** Destroys the instance, and polls until it is gone. */
async function remove({ provider, thing, step }, id, signal) {
  await step('destroy', () => provider.destroy(id, { signal }), () => 'accepted')
  const look = async () => {
    const found = await provider.getById(id, { signal })
    if (found && found.instance.status !== 'stopped') throw new Error(`the ${thing} is still there`)
    return found ? undefined : 'gone'
  }
  const untilGone = () => expect(poll(look, GOING_MILLISECONDS, signal), Boolean, `the ${thing} is still there`)
  await step('getById', untilGone, () => 'null: it is gone', 'waiting until it is gone')
}

/** Polls until a lookup returns a value, or the time is over. */
async function poll(look, milliseconds, signal) {
  for (const end = performance.now() + milliseconds; ; await sleep(PAUSE_MILLISECONDS, undefined, { signal })) {
    const found = await look()
    if (found !== undefined || performance.now() >= end) return found
  }
}

async function expect(promise, isGood, otherwise) {
  const result = await promise
  if (!isGood(result)) throw new Error(otherwise)
  return result
}
