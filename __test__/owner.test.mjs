// Owners: whose gateway made an instance, so that one reaper does not take another's.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import * as gateway from '@computesdk/gateway'

import { setEnvironment } from './support/environment.mjs'
import { createOptions, PROVIDERS, withEntry } from './support/providers.mjs'
import { rejection, thrown } from './support/rejection.mjs'

const ids = (results) => results.map(({ instanceId }) => instanceId).sort()

/** Providers that have labels or tags, which name the owner of an instance under a caller's name, too. */
const WITH_LABELS = ['namespace', 'vercel']

for (const [name, entry] of Object.entries(PROVIDERS)) {
  const factory = new Map(Object.entries(gateway)).get(entry.factory)

  describe(`${name}: an owner`, () => {
    async function begin(t) {
      const fixture = await withEntry(t, entry)
      const make = (owner) => fixture.make({ owner })
      return { ...fixture, make, create: (owner, options) => make(owner).create({ ...createOptions(entry), ...options }) }
    }

    test('lists its own instances only, in no more requests than managed', async (t) => {
      const { make, create, server, addOther } = await begin(t)
      addOther()
      const mine = [await create('prod-eu'), await create('prod-eu', { idempotencyKey: 'key' })]
      const other = await create('staging')
      const nobodys = await create(undefined)
      const count = async (options) => {
        const { length } = server.requests
        const listed = await make('prod-eu').list(options)
        return { listed: ids(listed), requests: server.requests.length - length }
      }
      const owned = await count({ owned: true })
      const managed = await count({ managed: true })
      assert.deepEqual(owned.listed, ids(mine))
      assert.deepEqual(managed.listed, ids([...mine, other, nobodys]))
      assert.ok(owned.requests <= managed.requests, `${owned.requests} and ${managed.requests} requests`)
      assert.deepEqual(ids(await make('staging').list({ owned: true, managed: true })), ids([other]))
      assert.deepEqual(await make('prod').list({ owned: true }), [])
    })

    test('has keys of its own', async (t) => {
      const { create, existing } = await begin(t)
      const options = { idempotencyKey: 'tenant-7' }
      const [prod, staging, none] = [await create('prod-eu', options), await create('staging', options), await create(undefined, options)]
      assert.equal(new Set(ids([prod, staging, none])).size, 3)
      assert.equal((await create('prod-eu', options)).instanceId, prod.instanceId)
      assert.equal((await create(undefined, options)).instanceId, none.instanceId)
      assert.equal(existing().length, 3)
    })

    test('stands in the name as five characters, whatever was drawn', async (t) => {
      const { create } = await begin(t)
      const named = [await create('prod-eu'), await create('prod-eu', { idempotencyKey: 'a' }), await create('staging')]
      const parts = named.map(({ instance }) => /^computesdk-([0-9a-z]{5})[0-9a-z]{15}$/.exec(instance.name)?.[1])
      assert.ok(parts.every(Boolean), parts.join())
      assert.equal(parts[0], parts[1])
      assert.notEqual(parts[0], parts[2])
    })

    test(`of an instance under a caller's name is ${WITH_LABELS.includes(name) ? 'known by label' : 'not known'}`, async (t) => {
      const { make, create } = await begin(t)
      const { instanceId } = await create('prod-eu', { name: 'acme-box-1' })
      const expected = WITH_LABELS.includes(name) ? [instanceId] : []
      assert.deepEqual(ids(await make('prod-eu').list({ owned: true })), expected)
      assert.deepEqual(await make('staging').list({ owned: true }), [])
    })

    test('may come from the environment, and config comes first', async (t) => {
      const { make, create } = await begin(t)
      setEnvironment(t, { COMPUTESDK_OWNER: ' staging ' })
      const staging = await create(undefined)
      const prod = await create('prod-eu')
      assert.deepEqual(ids(await make(undefined).list({ owned: true })), ids([staging]))
      assert.deepEqual(ids(await make('prod-eu').list({ owned: true })), ids([prod]))
    })

    test('of the environment that is no owner is named in the refusal', async (t) => {
      const { make } = await begin(t)
      setEnvironment(t, { COMPUTESDK_OWNER: 'prod eu' })
      await rejection(make(undefined).list(), { code: 'INVALID_CONFIG', message: /COMPUTESDK_OWNER must be 1 to 64/ })
    })

    test('is required for list({ owned: true }), which sends nothing without it', async (t) => {
      const { make, server } = await begin(t)
      for (const owner of [undefined, null]) {
        await rejection(make(owner).list({ owned: true }), { code: 'INVALID_ARGUMENT', message: /options\.owned needs an owner/ })
      }
      await rejection(make('prod-eu').list({ owned: 'yes' }), { code: 'INVALID_ARGUMENT', message: /options\.owned/ })
      assert.equal(server.requests.length, 0)
    })

    test('that is no owner is refused by the factory', () => {
      for (const owner of ['', ' ', 'prod eu', 'prod\n', 'ünit', 'x'.repeat(65), 7, {}]) {
        const error = thrown(() => factory({ owner }), { code: 'INVALID_CONFIG' })
        assert.match(error.message, /config\.owner/)
      }
      factory({ owner: 'x'.repeat(64) })
    })
  })
}
