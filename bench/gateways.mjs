#!/usr/bin/env node
// npm run bench:gateways                the example gateway on PostgreSQL: throughput with 1, 2 and 4 gateways, and
//                                       what a create and a delete cost in the database
// npm run bench:gateways -- --quick     the same in seconds, for a look
// npm run bench:gateways -- --seconds 20 --clients 64 --latency 500
//
// The provider is a fake server in this process; `--latency` is the time of each of its answers, in milliseconds.
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../scripts/lib/failure.mjs'
import { freePort } from '../scripts/lib/free-port.mjs'
import { startGatewayProcess } from '../__test__/gateway/gateway-process.mjs'
import { speakerOf, withProvider } from '../__test__/gateway/fixture.mjs'
import { canary } from '../__test__/support/canary.mjs'
import { startPostgres, WITHOUT_POSTGRES } from '../__test__/support/postgres.mjs'
import { describeMachine } from './lib/machine.mjs'

/** The provider whose create is one request: what is measured is the gateway, not the provider. */
const PROVIDER = 'namespace'
const GATEWAYS = [1, 2, 4]
const COUNTED = 200
const SHOWN = 90
/** Durable, as in production; the tests switch it off. And the module that counts. */
const SETTINGS = { fsync: 'on', shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'top' }
const STATEMENTS = `
  SELECT calls::int, total_exec_time AS milliseconds, wal_bytes::int AS bytes,
    regexp_replace(query, '\\s+', ' ', 'g') AS text
  FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
  WHERE datname = current_database() AND query ~ 'sandboxes|routes' ORDER BY calls DESC`

await runMain(async () => {
  const { seconds, clients, latency } = readArguments()
  if (WITHOUT_POSTGRES) throw new Failure(`Nothing to measure: ${WITHOUT_POSTGRES}.`)
  const cleanups = []
  const t = { after: (work) => cleanups.push(work) }
  try {
    const server = await startPostgres(t, SETTINGS)
    const provider = await withProvider(t, PROVIDER, { daemon: false })
    provider.server.faults.add({ kind: 'slow', milliseconds: latency, times: Infinity })
    const machine = await describeMachine()
    const [{ server_version: version }] = await server.query('SHOW server_version')
    const load = machine.loadAverageAtStart.toFixed(1)
    console.log(`${machine.cpu}, load ${load}, node ${machine.node}, PostgreSQL ${version.split(' ')[0]}`)
    console.log(`${clients} clients, each answer of the provider takes ${latency} ms\n`)
    console.log('gateways  create + delete per s  create: median  99 %')
    for (const count of GATEWAYS) await throughput({ t, server, provider, count, clients, seconds })
    await cost({ t, server, provider })
  } finally {
    for (const work of cleanups.toReversed()) await work()
  }
})

function readArguments() {
  const options = {
    quick: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    clients: { type: 'string', default: '32' },
    latency: { type: 'string', default: '200' },
  }
  try {
    const { values } = parseArgs({ options })
    const number = (name, text) => {
      if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`--${name}: a whole number, not ${text}`)
      return Number(text)
    }
    return {
      seconds: number('seconds', values.seconds ?? (values.quick ? '2' : '10')),
      clients: number('clients', values.clients),
      latency: number('latency', values.latency),
    }
  } catch (error) {
    throw new Failure(error.message, 2)
  }
}

/** So many gateways with a database of their own. */
async function start({ t, server, provider, count }) {
  const database = await server.database()
  const starts = Array.from({ length: count }, async () => {
    const port = await freePort()
    return startGatewayProcess(t, {
      provider,
      port,
      options: { log: { level: 'info' } },
      env: {
        GATEWAY_STATE: database.url,
        GATEWAY_SECRET: canary('gateway-secret-of-more-than-32-characters'),
        GATEWAY_INTERNAL_URL: `http://127.0.0.1:${port}`,
      },
    })
  })
  const gateways = await Promise.all(starts)
  const speakers = gateways.map((gateway) => speakerOf(provider, gateway))
  return { ...database, gateways, speakers, stop: () => Promise.all(gateways.map((gateway) => gateway.stop())) }
}

async function create(speak) {
  const { status, json } = await speak('POST', '/v1/sandboxes', {})
  if (status !== 201) throw new Failure(`A create was answered ${status}.`)
  return json.data.sandboxId
}

async function remove(speak, id) {
  const { status } = await speak('DELETE', `/v1/sandboxes/${id}`)
  if (status !== 200) throw new Failure(`A delete was answered ${status}.`)
}

async function throughput({ clients, seconds, ...fixture }) {
  const { speakers, stop } = await start(fixture)
  const times = []
  let turn = 0
  const next = () => speakers[turn++ % speakers.length]
  async function client(end, isCounted) {
    while (performance.now() < end) {
      const begin = performance.now()
      const id = await create(next())
      if (isCounted) times.push(performance.now() - begin)
      await remove(next(), id)
    }
  }
  const all = (length, isCounted) =>
    Promise.all(Array.from({ length: clients }, () => client(performance.now() + length, isCounted)))
  await all(1000, false) // what is slow at a start
  const begin = performance.now()
  await all(seconds * 1000, true)
  const took = (performance.now() - begin) / 1000
  times.sort((one, other) => one - other)
  const at = (share) => `${times[Math.floor((times.length - 1) * share)].toFixed(0)} ms`
  const rate = (times.length / took).toFixed(1)
  console.log(`${String(fixture.count).padEnd(10)}${rate.padEnd(23)}${at(0.5).padEnd(16)}${at(0.99)}`)
  await stop()
}

/** One after the other, so that no statement waits for another. */
async function cost(fixture) {
  const { query, speakers, stop } = await start({ ...fixture, count: 1 })
  const [speak] = speakers
  await query('CREATE EXTENSION pg_stat_statements')
  const ids = []
  const measures = {
    'a create': async () => ids.push(await create(speak)),
    'a create by name': async (index) => speak('POST', '/v1/sandboxes/find-or-create', { name: `app-${index}` }),
    'a find of what runs': async (index) => speak('POST', '/v1/sandboxes/find', { name: `app-${index}` }),
    'a delete': async () => remove(speak, ids.pop()),
  }
  fixture.provider.server.faults.clear()
  for (const [title, work] of Object.entries(measures)) {
    await query('SELECT pg_stat_statements_reset()')
    for (let index = 0; index < COUNTED; index += 1) await work(index)
    const rows = await query(STATEMENTS)
    const per = (field) => rows.reduce((sum, row) => sum + row[field], 0) / COUNTED
    const time = `${per('milliseconds').toFixed(2)} ms`
    console.log(`\n${title}: ${per('calls').toFixed(2)} statements, ${time}, ${per('bytes').toFixed(0)} B of WAL`)
    for (const { calls, milliseconds, text } of rows) {
      const each = `${(calls / COUNTED).toFixed(2)} × ${(milliseconds / calls).toFixed(3)} ms`
      console.log(`  ${each}  ${text.trim().slice(0, SHOWN)}`)
    }
  }
  await stop()
}
