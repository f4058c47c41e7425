// The contract of a gateway's state, which is the same in memory, in SQLite and in PostgreSQL.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { eventually } from '../support/eventually.mjs'
import { withFolder } from '../support/folder.mjs'
import { WITHOUT_POSTGRES } from '../support/postgres.mjs'
import { keysOf, sandboxOf, SECRET, withServer } from './gateways-fixture.mjs'
import { memoryState, postgresState, sqliteState } from './fixture.mjs'

/** Short enough to see a lease run out; a test that wants to keep one uses the default. */
const SHORT = { leaseMilliseconds: 300 }

const server = WITHOUT_POSTGRES ? undefined : withServer({ before, after })
const postgres = async (_t, options) => {
  const { url } = await server.database()
  return postgresState({ url, secret: SECRET, ...options })
}
const sqlite = (t, options) => sqliteState({ file: join(withFolder(t), 'state.db'), secret: SECRET, ...options })
const STATES = {
  memory: { open: async (_t, options) => memoryState(options) },
  SQLite: { open: sqlite },
  PostgreSQL: { open: postgres, skip: WITHOUT_POSTGRES },
}

const RUNNING = { phase: 'running', instanceId: 'instance', config: {}, wish: { name: 'app' } }

for (const [name, { open, skip }] of Object.entries(STATES)) {
  describe(`state: ${name}`, { skip }, () => {
    const withState = async (t, options) => {
      const state = await open(t, options)
      t.after(state.close)
      return state
    }

    test('gives back what was put in, by any of its fields', async (t) => {
      const state = await withState(t)
      const sandbox = sandboxOf('one')
      assert.equal(await state.insert(sandbox), true)
      assert.equal(await state.insert(sandboxOf('other', { tenant: 'globex', place: 'elsewhere' })), true)
      const { place } = sandbox
      for (const where of [{ key: 'one' }, { tenant: 'acme' }, { place }, { tokenHash: 'hash-of-one' }]) {
        assert.deepEqual(await state.select(where), [sandbox])
      }
      assert.deepEqual(await state.select({ tenant: 'acme', key: 'other' }), [])
      assert.deepEqual(keysOf(await state.select({})), ['one', 'other'])
      assert.equal(await state.update('one', RUNNING), true)
      assert.deepEqual(await state.select({ instanceId: 'instance' }), [{ ...sandbox, ...RUNNING }])
    })

    test('the caller may change the rows that it returns', async (t) => {
      const state = await withState(t)
      const sandbox = sandboxOf('one')
      await state.insert(sandbox)
      sandbox.phase = 'removing'
      const [found] = await state.select({ key: 'one' })
      found.tenant = 'globex'
      const [again] = await state.select({ key: 'one' })
      assert.deepEqual([again.phase, again.tenant], ['creating', 'acme'])
    })

    test('a key is taken until its sandbox is removed', async (t) => {
      const state = await withState(t)
      const inserts = await Promise.all([1, 2, 3, 4].map(() => state.insert(sandboxOf('one'))))
      assert.deepEqual(inserts.sort(), [false, false, false, true])
      await state.update('one', RUNNING)
      assert.equal(await state.insert(sandboxOf('one')), false)
      assert.equal((await state.select({ key: 'one' }))[0].phase, 'running', 'and is left as it is')
      assert.ok(await state.lease('one'))
      await state.remove('one')
      assert.equal(await state.insert(sandboxOf('one')), true)
    })

    test('a row is changed and removed only by the holder of its lease', async (t) => {
      const state = await withState(t)
      const sandbox = sandboxOf('one')
      await state.insert(sandbox)
      assert.equal(await state.lease('one'), undefined, 'an insert takes the lease')
      assert.equal(await state.update('one', { instanceId: 'early' }), true)
      await state.release('one')
      assert.equal(await state.update('one', { instanceId: 'late' }), false)
      await state.remove('one')
      assert.deepEqual(await state.lease('one'), { ...sandbox, instanceId: 'early' })
      assert.equal(await state.lease('one'), undefined)
      assert.equal(await state.update('one', RUNNING), true)
      assert.equal(await state.update('one', { phase: 'removing' }), false, 'with `running` the lease is over')
      assert.ok(await state.lease('one'))
      await state.remove('one')
      assert.deepEqual(await state.select({}), [])
      assert.equal(await state.lease('one'), undefined)
      assert.equal(await state.update('one', RUNNING), false)
      await state.release('one')
    })

    test('a made sandbox is confirmed without its lease, and no other', async (t) => {
      const state = await withState(t)
      const changes = { phase: 'running', config: {}, wish: { name: 'app' } }
      const sandbox = sandboxOf('one')
      await state.insert(sandbox)
      await state.confirm('one', changes)
      assert.deepEqual(await state.select({}), [sandbox], 'nothing is made yet')
      await state.update('one', { instanceId: 'instance' })
      await state.confirm('one', changes)
      assert.deepEqual(await state.select({}), [{ ...sandbox, ...changes, instanceId: 'instance' }])
      assert.equal(await state.update('one', { phase: 'removing' }), false, 'the lease is over')
      assert.ok(await state.lease('one'))
      await state.update('one', { phase: 'removing' })
      await state.confirm('one', changes)
      assert.equal((await state.select({}))[0].phase, 'removing')
      await state.confirm('nobody', changes)
    })

    test('a lease runs out, unless it is renewed', async (t) => {
      const state = await withState(t, SHORT)
      await state.insert(sandboxOf('one'))
      const end = performance.now() + 3 * SHORT.leaseMilliseconds
      for (let renewed = performance.now(); performance.now() < end; ) {
        const isHeld = (await state.lease('one')) === undefined
        // On a machine that stood still meanwhile it may have run out.
        assert.ok(isHeld || performance.now() - renewed > SHORT.leaseMilliseconds)
        const before = performance.now()
        await state.renewLeases()
        renewed = before
      }
      const taken = await eventually(() => state.lease('one'), 'the lease runs out')
      assert.equal(taken.key, 'one')
    })

    test('an unsettled row is found when its lease has run out, each row once', async (t) => {
      const state = await withState(t, SHORT)
      const keys = ['a', 'b', 'c', 'd', 'e']
      for (const key of keys) await state.insert(sandboxOf(key))
      await state.insert(sandboxOf('running'))
      await state.update('running', RUNNING)
      await state.update('a', { phase: 'removing' })
      await state.release('b')
      const found = []
      const isDue = async () => (await state.leaseUnsettled(5, ['a', 'b', 'c', 'd'])).length > 0
      await eventually(isDue, 'the one that is not left out is found')
      found.push({ key: 'e' })
      await state.update('e', RUNNING)
      const look = async () => {
        const batch = await state.leaseUnsettled(2, [])
        assert.ok(batch.length <= 2)
        found.push(...batch)
        for (const { key } of batch) await state.update(key, RUNNING)
        return found.length >= keys.length
      }
      await eventually(look, 'all of them are found')
      assert.deepEqual(keysOf(found), keys)
      assert.deepEqual(await state.leaseUnsettled(10, []), [])
    })

    test('a released row is free at once, and is found after a lease’s time', async (t) => {
      const state = await withState(t)
      await state.insert(sandboxOf('one'))
      await state.release('one')
      assert.deepEqual(await state.leaseUnsettled(10, []), [])
      assert.ok(await state.lease('one'))
    })

    test('a route is there until it expires, is replaced, and goes with its sandbox', async (t) => {
      const state = await withState(t)
      const routeBy = (gateway) => ({ gateway, daemonUrl: 'http://daemon:1' })
      const [here, there] = [routeBy('http://one:3000'), routeBy('http://two:3000')]
      const route = async () => (await state.select({ key: 'one' }))[0].route
      await state.setRoute('one', here, 60_000)
      await state.insert(sandboxOf('one'))
      assert.equal(await route(), undefined, 'there was no such sandbox')
      await state.setRoute('one', here, 60_000)
      assert.deepEqual(await route(), here)
      await state.setRoute('one', there, 60_000)
      assert.deepEqual(await route(), there)
      await state.setRoute('one', here, 200)
      await eventually(async () => !(await route()), 'it expires')
      await state.setRoute('one', there, 60_000)
      await state.remove('one')
      await state.insert(sandboxOf('one'))
      assert.equal(await route(), undefined)
    })

    test('the reaper’s lease can be renewed, and a state closed twice', async (t) => {
      const state = await withState(t)
      assert.deepEqual([await state.leaseReaper(), await state.leaseReaper()], [true, true])
      await state.close()
      await state.close()
    })
  })
}
