// Creates at every provider while requests are lost, gateways are killed, and the database is killed. Afterwards the
// test compares what the clients, the database and the providers have.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'

import { between, chance, randomFor } from '../chaos/seeds.mjs'
import { COMMAND_PLANS } from '../servers/vercel/index.mjs'
import { eventually } from '../support/eventually.mjs'
import { WITHOUT_POSTGRES } from '../support/postgres.mjs'
import { addonPath } from '../support/test-addon.mjs'
import { withCluster, withServer } from './gateways-fixture.mjs'
import { PROVIDERS, speakerOf, withProvider } from './fixture.mjs'

const CREATES = 200
const GATEWAYS = 3
const AT_ONCE = 16
const SEED = Number(process.env.SEED ?? Math.trunc(Math.random() * 1e9))

const CLOCK_SPEED = 12
const LEASE_MILLISECONDS = 2000
/** A request that was lost takes effect before a lease can have run out: what comes later is the reaper's. */
const LATEST_MILLISECONDS = 600
/** Longer than that: another process than that of the create does not know what may still come. */
const HOLD_MILLISECONDS = 1000
const CALL_MILLISECONDS = 180_000

const LOOK_MILLISECONDS = 5

const sum = (numbers) => numbers.reduce((one, other) => one + other, 0)
const respond = (status, body, effect) => ({ kind: 'respond', status, body, effect })
const FAULTS = [
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'cut' },
  respond(503, 'upstream connect error', false),
  respond(503, 'upstream connect error', true),
  respond(200, '{"da', true),
  respond(429, 'Too Many Requests', false),
  { kind: 'late-effect', milliseconds: LATEST_MILLISECONDS },
  { kind: 'slow', milliseconds: LATEST_MILLISECONDS, effectFirst: false },
  { kind: 'slow', milliseconds: 1500, effectFirst: true },
]

/** Asks until it is answered as wanted: a gateway may be killed at any time. @returns {Promise<object | undefined>} */
async function ask(call, isAnswer) {
  let last
  for (const end = performance.now() + CALL_MILLISECONDS; performance.now() < end; await sleep(100)) {
    const answer = await call().catch((error) => ({ text: String(error.cause ?? error) }))
    if (isAnswer(answer)) return answer
    last = answer
  }
  throw new Error(`not answered as wanted in time, but ${last?.status}: ${last?.text}`)
}

/** What one client does. @returns {Promise<string[]>} the ids of the sandboxes that it holds in the end */
async function client(speak, random, index) {
  const isNamed = chance(random, 0.5)
  let held
  if (isNamed) {
    const once = () => speak('POST', '/v1/sandboxes/find-or-create', { name: `app-${index}` })
    const isThere = (answer) => answer?.status === 200
    const answers = await Promise.all([ask(once, isThere), ask(once, isThere)])
    const ids = new Set(answers.map(({ json }) => json.data.sandboxId))
    assert.equal(ids.size, 1, `doubled: ${[...ids]}`)
    ;[held] = ids
  } else {
    const answer = await speak('POST', '/v1/sandboxes', {}).catch(() => undefined)
    if (answer?.status !== 201) return []
    held = answer.json.data.sandboxId
    // As the published client does, which waits for the sandbox.
    await ask(() => speak('GET', `/v1/sandboxes/${held}`), (found) => found?.status === 200)
  }
  if (chance(random, 0.5)) return [held]
  await sleep(HOLD_MILLISECONDS)
  await ask(() => speak('DELETE', `/v1/sandboxes/${held}`), (removed) => removed?.status === 200)
  return []
}

describe('gateways and a database that are killed again and again', { skip: WITHOUT_POSTGRES }, () => {
  const server = withServer({ before, after })

  test(`${CREATES} creates at all providers leave what their clients hold, and nothing else`, async (t) => {
    t.diagnostic(`SEED=${SEED}`)
    const providers = []
    for (const name of Object.keys(PROVIDERS)) {
      const server = name === 'vercel' && { commandPlan: COMMAND_PLANS.stays }
      providers.push(await withProvider(t, name, { daemon: false, ...server }))
    }
    const places = providers.map(({ name, config }) => [name, { baseUrl: config.baseUrl }])
    const cluster = await withCluster(t, server, { settings: Object.fromEntries(places) }, GATEWAYS, {
      database: { leaseMilliseconds: LEASE_MILLISECONDS },
      options: { answerMilliseconds: CALL_MILLISECONDS },
      imports: [pathToFileURL(new URL('../support/fast-package.mjs', import.meta.url).pathname).href],
      env: { NAPI_RS_NATIVE_LIBRARY_PATH: addonPath(), CLOCK_SPEED: String(CLOCK_SPEED) },
    })
    for (const { name, server } of providers) {
      server.faults.random({ seed: SEED + name.length, rate: 0.15, kinds: FAULTS })
    }

    let isOver = false
    const kills = { gateways: 0, databases: 0 }
    const held = new Map(providers.map(({ name }) => [name, []]))
    async function clients() {
      let next = 0
      const worker = async () => {
        for (let index; (index = next++) < CREATES; ) {
          const provider = providers[index % providers.length]
          const ids = await client(speakerOf(provider, cluster), randomFor(SEED, 'client', index), index)
          held.get(provider.name).push(...ids)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker)).finally(() => (isOver = true))
    }
    const alive = new Set(cluster.gateways.keys())
    const restarts = []
    /** By the requests that have reached the providers: a busy machine must not be killed before it has done anything. */
    const requests = () => sum(providers.map(({ server }) => server.requests.length))
    async function killer() {
      for (let round = 0; !isOver; round += 1) {
        const random = randomFor(SEED, 'kill', round)
        const next = requests() + between(random, 5, 30)
        while (!isOver && requests() < next) await sleep(LOOK_MILLISECONDS)
        if (isOver) break
        if (chance(random, 0.25)) {
          await server.kill()
          await sleep(between(random, 0, 500))
          await server.start()
          kills.databases += 1
        } else if (alive.size > 1) {
          const index = random.pick([...alive])
          alive.delete(index)
          await cluster.gateways[index].kill()
          restarts.push(cluster.restart(index).then(() => alive.add(index)))
          kills.gateways += 1
        }
      }
      await Promise.all(restarts)
    }
    await Promise.all([clients(), killer()])
    t.diagnostic(`killed: ${kills.gateways} gateways, ${kills.databases} databases`)
    const faults = providers.map(({ name, server }) => `${name} ${sum(Object.values(server.faults.counts))}`)
    t.diagnostic(`faults: ${faults.join(', ')}`)
    for (const { server } of providers) server.faults.clear()

    const unsettled = "SELECT key, phase, instance_id, lease_until FROM sandboxes WHERE phase <> 'running'"
    const isSettled = async () => (await cluster.query(unsettled)).length === 0
    await eventually(isSettled, 'no row is stuck', CALL_MILLISECONDS).catch(async (error) => {
      assert.deepEqual(await cluster.query(unsettled), [], error.message)
    })
    const rows = await cluster.query('SELECT provider, instance_id FROM sandboxes')
    for (const { name, existing } of providers) {
      const own = rows.filter(({ provider }) => provider === name).map((row) => row.instance_id)
      assert.deepEqual(own.sort(), held.get(name).toSorted(), `${name}: database, clients`)
      assert.deepEqual(existing().toSorted(), held.get(name).toSorted(), `${name}: provider, clients`)
    }
    t.diagnostic(`held in the end: ${rows.length}`)
  })
})
