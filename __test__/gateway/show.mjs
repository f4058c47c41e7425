// npm run demo -- --gateways N: shows several gateways that share a PostgreSQL, behind a balancer: what a user sees of
// them, and what they do when one of them, or the database, is killed.
import { setTimeout as sleep } from 'node:timers/promises'

import { runDemo } from '../../demo/run.mjs'
import { duration } from '../../demo/screen.mjs'
import { Failure } from '../../scripts/lib/failure.mjs'
import { startPostgres, WITHOUT_POSTGRES } from '../support/postgres.mjs'
import { createSteps } from '../support/steps.mjs'

const LEASE_MILLISECONDS = 3000
/** The demo takes half a minute, and longer on a busy machine. */
const LIMIT_MILLISECONDS = 180_000
const POLL_MILLISECONDS = 50

const nameOf = (index) => `gateway ${index + 1}`

/** Throws if there is no PostgreSQL, before anything is built. */
export function requirePostgres() {
  if (WITHOUT_POSTGRES) throw new Failure(`Several gateways share a PostgreSQL, and ${WITHOUT_POSTGRES}.`)
}

export async function showGateways(entry, screen, count) {
  const cleanups = []
  const step = createSteps(screen)
  let left = [true, 'all that was started has ended']
  const show = async (unless) => {
    const opening = () => unless(open({ after: (work) => cleanups.push(work) }, entry, count))
    screen.line()
    const fixture = await step('start', opening, () => `PostgreSQL and ${count} gateways`)
    const { url, gateways, provider, version, query } = fixture
    screen.title(entry.title, `${count} gateways with one PostgreSQL, on this machine`)
    screen.fact('app', 'computesdk@2.5.4', 'the published client, as it is')
    screen.fact('balancer', url, 'each request to the next gateway')
    for (const [index, gateway] of gateways.entries()) screen.fact(nameOf(index), gateway.url, 'examples/gateway-server')
    screen.fact('database', `PostgreSQL ${version}`, `a lease lasts ${duration(LEASE_MILLISECONDS)}`)
    screen.fact('provider', provider.config.baseUrl, `behaves as ${entry.title}'s API`)
    screen.line()
    await runProgram(fixture, (name, call, describe) => step(name, () => unless(call()), describe))
    const [resources, rows] = [provider.existing().length, (await query('SELECT key FROM sandboxes')).length]
    left = [resources + rows === 0, `${resources} resources left at ${entry.title}, ${rows} rows in the database`]
    return `${count} gateways`
  }
  await runDemo(screen, LIMIT_MILLISECONDS, show, async () => {
    const ends = []
    for (const work of cleanups.toReversed()) ends.push(...(await Promise.allSettled([Promise.resolve().then(work)])))
    screen.line()
    const failed = ends.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    return left
  })
}

async function open(t, { factory }, count) {
  const [{ withCluster }, { withProvider }] = await Promise.all([import('./gateways-fixture.mjs'), import('./fixture.mjs')])
  const server = await startPostgres(t)
  const provider = await withProvider(t, factory)
  const settings = { database: { leaseMilliseconds: LEASE_MILLISECONDS }, options: { log: { level: 'debug' } } }
  const cluster = await withCluster(t, server, provider, count, settings)
  const [{ server_version: version }] = await server.query('SHOW server_version')
  return { ...cluster, server, provider, version: version.split(' ')[0] }
}

async function runProgram(fixture, step) {
  const { provider, gateways, query, server } = fixture
  const { clientOf, speakerOf } = await import('./fixture.mjs')
  const sandboxes = clientOf(provider, fixture)
  /** Returns a function that names the gateways which have logged such a line since. */
  const watch = (test) => {
    const count = ({ lines }) => lines.filter(test).length
    const before = gateways.map(count)
    return () => gateways.flatMap((gateway, index) => (count(gateway) > before[index] ? [nameOf(index)] : []))
  }

  const sandbox = await step('create', () => sandboxes.create(), ({ sandboxId }) => `sandbox ${sandboxId}`)

  const passedOn = watch(({ route }) => route === '/sb/*')
  const runCode = async () => {
    for (let done = 0; done < 2 * gateways.length; done += 1) await sandbox.runCode('console.log("hello")')
    const [{ gateway }] = await query('SELECT gateway FROM routes')
    return nameOf(gateways.findIndex(({ url }) => url === gateway))
  }
  const showWay = (holder) => ['hello, again and again', `by way of ${passedOn().join(', ')}; the daemon is at ${holder}`]
  await step('runCode', runCode, showWay)

  const findOrCreate = (gateway) => clientOf(provider, gateway).findOrCreate({ name: 'app' })
  await step('one name', () => Promise.all(gateways.map(findOrCreate)), (found) => {
    const { size } = new Set(found.map(({ sandboxId }) => sandboxId))
    return `${gateways.length} gateways asked at once: ${size} sandbox${size === 1 ? '' : 'es'}`
  })

  const finishedBy = watch(({ msg }) => msg === 'created')
  const killGateway = async () => {
    const before = provider.existing().length
    // The answer never comes: the gateway that waits for it is killed before.
    provider.server.faults.add({ kind: 'slow', when: provider.create, milliseconds: LIMIT_MILLISECONDS })
    const speak = speakerOf(provider, gateways[0])
    speak('POST', '/v1/sandboxes/find-or-create', { name: 'interrupted' }).catch(() => {}) // its gateway is killed
    while (provider.existing().length === before) await sleep(POLL_MILLISECONDS)
    await gateways[0].kill()
    const killed = performance.now()
    while (finishedBy().length === 0) await sleep(POLL_MILLISECONDS)
    return duration(performance.now() - killed)
  }
  const showTakeover = (took) => `${nameOf(0)} was killed in mid-create; ${finishedBy()[0]} has finished it ${took} later`
  await step('kill', killGateway, showTakeover)

  const killDatabase = async () => {
    const created = sandboxes.create()
    await server.kill()
    await server.start()
    return created
  }
  const showRestart = ({ sandboxId }) => `was killed and started again during a create: sandbox ${sandboxId}`
  await step('database', killDatabase, showRestart)

  const destroy = async () => {
    const rows = await query('SELECT instance_id FROM sandboxes')
    for (const { instance_id: id } of rows) await sandboxes.destroy(id)
    return rows.length
  }
  await step('destroy', destroy, (count) => `${count} sandboxes, each by way of another gateway than the one before`)
}
