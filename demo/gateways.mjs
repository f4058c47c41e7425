// Several gateways on this machine that share a PostgreSQL, behind a balancer: what a user sees of them, and what they
// do when one of them, or the database, is killed.
import { setTimeout as sleep } from 'node:timers/promises'

import { Failure } from '../scripts/lib/failure.mjs'
import { listenForInterruption } from './interruption.mjs'
import { duration } from './screen.mjs'

const LEASE_MILLISECONDS = 3000
/** It takes half a minute; on a machine that is busy, more. */
const LIMIT_MILLISECONDS = 180_000
/** Until the demo is over: the gateway that waits for the answer is killed before. */
const LONG_MILLISECONDS = LIMIT_MILLISECONDS
const LOOK_MILLISECONDS = 50
const MOST = 9

/** @param {string} text @returns {number} */
export function countOf(text) {
  if (!/^\d$/.test(text) || Number(text) < 2) throw new Error(`--gateways 2 to ${MOST}, not ${text}`)
  return Number(text)
}

/** Says what is missing, before anything is built. */
export async function requirePostgres() {
  const { WITHOUT_POSTGRES } = await import('../__test__/support/postgres.mjs')
  if (WITHOUT_POSTGRES) throw new Failure(`Several gateways share a PostgreSQL, and ${WITHOUT_POSTGRES}.`)
}

/**
 * @param {import('./providers.mjs').Entry} entry
 * @param {import('./screen.mjs').Screen} screen
 * @param {number} count
 */
export async function showGateways(entry, screen, count) {
  const begin = performance.now()
  const cleanups = []
  const t = { after: (work) => cleanups.push(work) }
  const interruption = listenForInterruption({
    onFirst: () => screen.warn('Interrupted: ending what was started. Once more ends it at once.'),
    onSecond: () => screen.verdict(false, 'Ended at once, with all that was started.'),
  })
  const interrupted = new Promise((_, reject) => {
    interruption.signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true })
  })
  interrupted.catch(() => {})
  const late = sleep(LIMIT_MILLISECONDS, undefined, { ref: false }).then(() => {
    throw new Error(`not done within ${duration(LIMIT_MILLISECONDS)}`)
  })
  late.catch(() => {})
  let failure
  let left = {}
  try {
    const title = `Starting PostgreSQL and ${count} gateways`
    const opened = screen.progress(title, 'Started', () => open(t, entry, count))
    const scene = await Promise.race([opened, interrupted, late])
    showParts(scene, entry, screen)
    await Promise.race([tell(scene, screen), interrupted, late])
    const rows = await scene.query('SELECT key FROM sandboxes')
    left = { resources: scene.provider.existing().length, rows: rows.length }
  } catch (error) {
    failure = error
  }
  for (const work of cleanups.toReversed()) await Promise.resolve(work()).catch((error) => (failure ??= error))
  interruption.stop()
  screen.line()
  if (interruption.happened) screen.verdict(true, 'Interrupted: all that was started has ended.')
  else if (failure) screen.verdict(false, `The demo failed: ${failure.message.replace(/\.$/, '')}.`)
  else {
    const books = `${left.resources} resources left at ${entry.title}, ${left.rows} rows in the database`
    const took = duration(performance.now() - begin)
    screen.verdict(left.resources + left.rows === 0, `${count} gateways, in ${took}. ${books}.`)
  }
  const isGood = !failure && left.resources + left.rows === 0
  process.exitCode = interruption.happened ? interruption.exitCode : Number(!isGood)
  setTimeout(() => process.exit(), 1000).unref()
}

async function open(t, entry, count) {
  const { startPostgres } = await import('../__test__/support/postgres.mjs')
  const { withCluster } = await import('../__test__/gateway/gateways-scene.mjs')
  const { withProvider } = await import('../__test__/gateway/scene.mjs')
  const server = await startPostgres(t)
  const provider = await withProvider(t, entry.factory)
  const options = { log: { level: 'debug' } }
  const database = { leaseMilliseconds: LEASE_MILLISECONDS }
  const cluster = await withCluster(t, server, provider, count, { database, options })
  const [{ server_version: version }] = await server.query('SHOW server_version')
  return { ...cluster, server, provider, version: version.split(' ')[0] }
}

function showParts({ url, gateways, provider, version }, entry, screen) {
  screen.title('@computesdk/gateway', entry.title, `${gateways.length} gateways with one PostgreSQL, on this machine`)
  screen.fact('app', 'computesdk@2.5.4', 'the published client, as it is')
  screen.fact('balancer', url, 'each request to the next gateway')
  for (const [index, gateway] of gateways.entries()) screen.fact(nameOf(index), gateway.url, 'examples/gateway-server')
  screen.fact('database', `PostgreSQL ${version}`, `a lease lasts ${duration(LEASE_MILLISECONDS)}`)
  screen.fact('provider', provider.config.baseUrl, `behaves as ${entry.title}'s API`)
  screen.line()
}

const nameOf = (index) => `gateway ${index + 1}`
const lines = (gateway, test) => gateway.lines.filter(test).length
const hasCreated = ({ msg }) => msg === 'created'

async function tell(scene, screen) {
  const { provider, gateways, query, server } = scene
  const { clientOf, speakerOf } = await import('../__test__/gateway/scene.mjs')
  const sandboxes = clientOf(provider, scene)
  /** Which gateways have written more lines of a kind than before. */
  const watch = (test) => {
    const before = gateways.map((gateway) => lines(gateway, test))
    return () => gateways.flatMap((gateway, index) => (lines(gateway, test) > before[index] ? [nameOf(index)] : []))
  }

  const sandbox = await screen.step('create', () => sandboxes.create(), ({ sandboxId }) => `sandbox ${sandboxId}`)

  const passedOn = watch(({ route }) => route === '/sb/*')
  await screen.step(
    'runCode',
    async () => {
      for (let done = 0; done < 2 * gateways.length; done += 1) await sandbox.runCode('console.log("hello")')
      const [{ gateway }] = await query('SELECT gateway FROM routes')
      return nameOf(gateways.findIndex(({ url }) => url === gateway))
    },
    (holder) => ['hello, again and again', `by way of ${passedOn().join(', ')}; the daemon is at ${holder}`],
  )

  await screen.step(
    'one name',
    () => Promise.all(gateways.map((gateway) => clientOf(provider, gateway).findOrCreate({ name: 'app' }))),
    (found) => {
      const ids = new Set(found.map(({ sandboxId }) => sandboxId))
      return `${gateways.length} gateways asked at once: ${ids.size} sandbox${ids.size === 1 ? '' : 'es'}`
    },
  )

  const finishedBy = watch(hasCreated)
  await screen.step(
    'kill',
    async () => {
      const before = provider.existing().length
      provider.server.faults.add({ kind: 'slow', when: provider.create, milliseconds: LONG_MILLISECONDS })
      const speak = speakerOf(provider, gateways[0])
      speak('POST', '/v1/sandboxes/find-or-create', { name: 'interrupted' }).catch(() => {}) // its gateway is killed
      while (provider.existing().length === before) await sleep(LOOK_MILLISECONDS)
      await gateways[0].kill()
      const killed = performance.now()
      while (finishedBy().length === 0) await sleep(LOOK_MILLISECONDS)
      return performance.now() - killed
    },
    (took) => `${nameOf(0)} was killed in mid-create; ${finishedBy()[0]} has finished it ${duration(took)} later`,
  )

  await screen.step(
    'database',
    async () => {
      const created = sandboxes.create()
      await server.kill()
      await server.start()
      return created
    },
    ({ sandboxId }) => `was killed and started again during a create: sandbox ${sandboxId}`,
  )

  await screen.step(
    'destroy',
    async () => {
      const rows = await query('SELECT instance_id FROM sandboxes')
      for (const { instance_id: id } of rows) await sandboxes.destroy(id)
      return rows.length
    },
    (destroyed) => `${destroyed} sandboxes, each by way of another gateway than the one before`,
  )
}
