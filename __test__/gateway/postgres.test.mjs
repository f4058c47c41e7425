// What only a database that several gateways share has to hold: their leases against each other, its migrations, its
// limits, and its end in the middle of work.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { canary, MARK, printable } from '../support/canary.mjs'
import { eventually } from '../support/eventually.mjs'
import { WITHOUT_POSTGRES } from '../support/postgres.mjs'
import { keysOf, sandboxOf, SECRET, withServer } from './gateways-fixture.mjs'
import { postgresState } from './fixture.mjs'

const RUNNING = { phase: 'running', instanceId: 'instance', config: {}, wish: {} }

const many = (count) => Array.from({ length: count }, (_, index) => `key-${index}`)

describe('PostgreSQL', { skip: WITHOUT_POSTGRES }, () => {
  const server = withServer({ before, after })

  /** So many gateways' states in one new database. */
  async function withStates(t, count, options) {
    const database = await server.database()
    const open = () => postgresState({ url: database.url, secret: SECRET, ...options })
    const states = await Promise.all(Array.from({ length: count }, open))
    t.after(() => Promise.all(states.map((state) => state.close())))
    return { ...database, open, states }
  }

  test('gateways that start at once apply each migration once', async (t) => {
    const { query, open } = await withStates(t, 4)
    const applied = await query('SELECT * FROM gateway_migrations ORDER BY name')
    assert.ok(applied.length > 0)
    const later = await open()
    await later.close()
    assert.deepEqual(await query('SELECT * FROM gateway_migrations ORDER BY name'), applied)
  })

  test('a migration that fails leaves nothing behind, and the next start applies it', async () => {
    const { url, query } = await server.database()
    await query('CREATE TABLE jobs (something_else integer)')
    await assert.rejects(() => postgresState({ url, secret: SECRET }), /"jobs" already exists/)
    const tables = await query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert.deepEqual(tables, [{ tablename: 'jobs' }])
    await query('DROP TABLE jobs')
    const state = await postgresState({ url, secret: SECRET })
    await state.close()
  })

  test('one key at several gateways is inserted once', async (t) => {
    const { states } = await withStates(t, 3)
    for (const key of many(20)) {
      const inserts = await Promise.all(states.map((state) => state.insert(sandboxOf(key))))
      assert.equal(inserts.filter(Boolean).length, 1)
      const updates = await Promise.all(states.map((state) => state.update(key, RUNNING)))
      assert.deepEqual(updates, inserts, 'and only its inserter holds the lease')
    }
  })

  test('a row that runs is leased by one of those that ask at once', async (t) => {
    const { states } = await withStates(t, 3)
    for (const key of many(20)) {
      await states[0].insert(sandboxOf(key))
      await states[0].update(key, RUNNING)
      const leases = await Promise.all(states.map((state) => state.lease(key)))
      assert.equal(leases.filter(Boolean).length, 1)
    }
  })

  test('gateways that take over what another has left share it out, each row to one', async (t) => {
    const { states, query } = await withStates(t, 4)
    const [dead, ...others] = states
    const keys = many(60)
    await Promise.all(keys.map((key) => dead.insert(sandboxOf(key))))
    assert.deepEqual(await others[0].leaseUnsettled(100, []), [], 'its leases hold')
    await query("UPDATE sandboxes SET lease_until = clock_timestamp() - interval '1 second'")
    const taken = []
    const take = async (state) => {
      for (let batch; (batch = await state.leaseUnsettled(5, [])).length > 0; ) taken.push(...batch)
    }
    await Promise.all(others.map(take))
    assert.deepEqual(keysOf(taken), [...keys].sort())
  })

  test('a gateway whose lease was taken over changes, renews and removes nothing', async (t) => {
    const { states: [slow, quick], query } = await withStates(t, 2)
    await slow.insert(sandboxOf('one'))
    await query("UPDATE sandboxes SET lease_until = '-infinity'")
    assert.ok(await quick.lease('one'))
    const before = await query('SELECT * FROM sandboxes')
    assert.equal(await slow.update('one', RUNNING), false)
    await slow.renewLeases()
    await slow.release('one')
    await slow.remove('one')
    assert.deepEqual(await query('SELECT * FROM sandboxes'), before)
    assert.equal(await quick.update('one', RUNNING), true)
  })

  test('a lease that has run out and that no gateway has taken is still its holder’s', async (t) => {
    const { states: [state], query } = await withStates(t, 1)
    await state.insert(sandboxOf('one'))
    await query("UPDATE sandboxes SET lease_until = '-infinity'")
    assert.equal(await state.update('one', RUNNING), true)
  })

  test('one gateway at a time is the reaper, until its lease runs out', async (t) => {
    const { states: [one, other], query } = await withStates(t, 2)
    assert.deepEqual([await one.leaseReaper(), await other.leaseReaper(), await one.leaseReaper()], [true, false, true])
    await query("UPDATE jobs SET lease_until = '-infinity'")
    assert.deepEqual([await other.leaseReaper(), await one.leaseReaper()], [true, false])
  })

  test('a daemon that registers again writes nothing until half of its time is over', async (t) => {
    const { states: [state], query } = await withStates(t, 1)
    await state.insert(sandboxOf('one'))
    const route = { gateway: 'http://one', daemonUrl: 'http://daemon' }
    const version = async () => (await query('SELECT xmin FROM routes'))[0].xmin
    await state.setRoute('one', route, 60_000)
    const first = await version()
    await state.setRoute('one', route, 60_000)
    assert.equal(await version(), first)
    await query("UPDATE routes SET expires_at = clock_timestamp() + interval '29 seconds'")
    await state.setRoute('one', route, 60_000)
    const [{ left }] = await query('SELECT expires_at - clock_timestamp() > $1::interval AS left FROM routes', ['55 s'])
    assert.equal(left, true)
  })

  test('the database holds no secret in the clear, and another gateway with the secret reads it', async (t) => {
    const { states: [one, other], query } = await withStates(t, 2)
    await one.insert(sandboxOf('one'))
    const rows = JSON.stringify(await query('SELECT * FROM sandboxes'))
    assert.match(rows, /acme/)
    assert.ok(!rows.includes(MARK), printable(rows))
    assert.deepEqual(await other.select({ key: 'one' }), [sandboxOf('one')])
  })

  test('a gateway that has another secret than the others does not start', async (t) => {
    const { url } = await withStates(t, 2)
    const open = () => postgresState({ url, secret: canary('another-secret-of-more-than-32-characters') })
    await assert.rejects(open, { message: 'This database is of gateways that have another secret.' })
  })

  test('there are never more connections than the pool may have, and what waits is served', async (t) => {
    const { states: [state], query } = await withStates(t, 1, { connections: 3 })
    const work = Promise.all(many(300).map((key) => state.insert(sandboxOf(key))))
    const ours = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'computesdk-gateway'"
    const [{ count }] = await query(`${ours} AND datname = current_database()`)
    assert.ok(count <= 3, `${count} connections`)
    assert.ok((await work).every(Boolean))
  })

  test('a statement that hangs ends, and the caller gets an error in time', async (t) => {
    const limits = { statementMilliseconds: 200, reconnectMilliseconds: 500 }
    const { states: [state], query } = await withStates(t, 1, limits)
    await state.insert(sandboxOf('one'))
    const lock = 'BEGIN; LOCK TABLE sandboxes IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60); COMMIT'
    const blocker = assert.rejects(query(lock), /administrator command/)
    const isLocked = async () => (await query("SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock'")).length > 0
    await eventually(isLocked, 'the table is locked')
    await assert.rejects(() => state.select({ key: 'one' }), { status: 503, code: 'UNAVAILABLE' })
    await query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'AccessExclusiveLock'")
    await blocker
    assert.equal(await state.update('one', RUNNING), true)
  })

  test('a gateway with a wrong password fails at once, and the message does not hold it', async () => {
    const url = server.url.replace(/:[^:@]+@/, ':wrong-password@')
    const error = await postgresState({ url, secret: SECRET }).catch((reason) => reason)
    assert.match(error.message, /authentication failed/)
    assert.ok(!printable(error).includes('wrong-password'))
  })

  test('a database that is killed in the middle of work and starts again has lost nothing', async (t) => {
    const { states, query } = await withStates(t, 2, { reconnectMilliseconds: 60_000 })
    const keys = many(400)
    let done = 0
    const work = async (state, key) => {
      assert.equal(await state.insert(sandboxOf(key)), true)
      const isOurs = await state.update(key, { instanceId: `at-${key}` })
      done += 1
      assert.equal(isOurs, true)
    }
    const all = Promise.all(keys.map((key, index) => work(states[index % 2], key)))
    for (const share of [0.1, 0.4, 0.7]) {
      await Promise.race([all, eventually(async () => done >= keys.length * share, 'some are done', 60_000)])
      await server.kill()
      await server.start()
    }
    await all
    const rows = await query("SELECT key FROM sandboxes WHERE instance_id = 'at-' || key")
    assert.deepEqual(keysOf(rows), [...keys].sort())
  })
})
