// The example gateway's reaper: what it destroys, and above all what it does not.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import * as gateway from '@computesdk/gateway'
import { require } from 'tsx/cjs/api'

import { canary } from '../support/canary.mjs'
import { eventually } from '../support/eventually.mjs'
import { memoryState, speakerOf, withGateway, withProvider } from './fixture.mjs'

const { createReaper } = require('../../examples/gateway-server/reaper.ts', import.meta.url)

const OWNER = 'prod-eu'
/** Times of a test: nothing has to be old, and twice is soon. */
const SOON = { ageMilliseconds: 0, apartMilliseconds: 0 }

/** A gateway of this owner at Render, and a reaper over its state. */
async function begin(t) {
  const provider = await withProvider(t, 'render', { daemon: false })
  const settings = { render: { ...provider.settings.render, owner: OWNER } }
  const state = memoryState()
  const server = await withGateway(t, { ...provider, settings }, { state })
  const lines = []
  const note = (level) => (fields, text) => lines.push({ level, text, ...fields })
  const log = { error: note('error'), warn: note('warn'), info: note('info') }
  const { apiKey, ownerId } = provider.config
  const account = { tenant: 'acme', provider: 'render', config: { apiKey, ownerId } }
  const make = (owner) => gateway.render({ ...settings.render, owner, apiKey, ownerId })
  const reaper = (options) => {
    const made = createReaper({ state, settings, log }, { accounts: [account], ...SOON, ...options })
    t.after(made.stop)
    return made
  }
  const create = async (owner, count) => {
    const made = await Promise.all(Array.from({ length: count }, () => make(owner).create({ image: 'acme/box:1' })))
    return made.map(({ instanceId }) => instanceId)
  }
  return { provider, server, state, lines, account, reaper, create, ask: askerOf(speakerOf(provider, server)), existing: provider.existing }
}

/** Creates a sandbox as a client does, which would wait for its daemon. */
const askerOf = (speak) => async () => {
  const { status, json } = await speak('POST', '/v1/sandboxes', { image: 'acme/box:1' })
  assert.equal(status, 201)
  return json.data
}

describe('the reaper', () => {
  test('destroys ten orphans, seen twice, and nothing that a row knows', async (t) => {
    const { ask, create, reaper, existing, lines } = await begin(t)
    const sandboxes = await Promise.all(Array.from({ length: 45 }, () => ask()))
    const orphans = await create(OWNER, 10)
    const { run } = reaper({ dryRun: false })
    assert.deepEqual((await run()).destroyed, [], 'seen once')
    const { listed, unknown, destroyed } = await run()
    assert.deepEqual([listed, unknown], [55, 10])
    assert.deepEqual(destroyed.sort(), orphans.sort())
    assert.deepEqual(existing().sort(), sandboxes.map(({ sandboxId }) => sandboxId).sort())
    assert.equal(lines.filter(({ text }) => text === 'orphan destroyed').length, 10)
  })

  test('destroys nothing by default, and says what it would destroy', async (t) => {
    const { ask, create, reaper, existing } = await begin(t)
    await Promise.all(Array.from({ length: 9 }, () => ask()))
    const orphans = await create(OWNER, 1)
    const { run } = reaper()
    await run()
    assert.deepEqual(await run(), { listed: 10, unknown: 1, destroyed: [], wouldDestroy: orphans })
    assert.equal(existing().length, 10)
  })

  test("leaves instances of another owner and of none", async (t) => {
    const { create, reaper, existing } = await begin(t)
    await create('staging', 3)
    await create(undefined, 3)
    const { run } = reaper({ dryRun: false, maximumShare: 1 })
    await run()
    assert.deepEqual(await run(), { listed: 0, unknown: 0, destroyed: [], wouldDestroy: [] })
    assert.equal(existing().length, 6)
  })

  test('leaves an instance in mid-create: it is young, and then its row knows it', async (t) => {
    const { ask, reaper, provider, existing } = await begin(t)
    const { run } = reaper({ dryRun: false, maximumShare: 1, ageMilliseconds: 3_600_000 })
    provider.server.faults.add({ kind: 'slow', milliseconds: 400, effectFirst: true, when: provider.create })
    const creating = ask()
    await eventually(() => existing().length > 0, 'an instance is there')
    assert.equal((await run()).unknown, 1)
    assert.deepEqual((await run()).destroyed, [])
    const { sandboxId } = await creating
    assert.equal((await run()).unknown, 0)
    assert.deepEqual(existing(), [sandboxId])
  })

  test('destroys nothing when the state was lost, unless its options allow it', async (t) => {
    const { create, reaper, existing, lines } = await begin(t)
    const orphans = await create(OWNER, 6)
    const careful = reaper({ dryRun: false })
    await careful.run()
    assert.deepEqual((await careful.run()).destroyed, [])
    assert.ok(lines.some(({ level, text }) => level === 'error' && text.startsWith('too many are unknown')))
    const told = reaper({ dryRun: false, maximumShare: 1 })
    await told.run()
    assert.deepEqual((await told.run()).destroyed.sort(), orphans.sort())
    assert.deepEqual(existing(), [])
  })

  test('takes a second look for one, within the same millisecond, too', async (t) => {
    const { create, reaper } = await begin(t)
    const orphans = await create(OWNER, 1)
    const { run } = reaper({ dryRun: false, maximumShare: 1 })
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    assert.deepEqual((await run()).destroyed, [])
    assert.deepEqual((await run()).destroyed, orphans)
  })

  test('destroys no more than its limit in one run', async (t) => {
    const { create, reaper, existing } = await begin(t)
    await create(OWNER, 5)
    const { run } = reaper({ dryRun: false, maximumShare: 1, limit: 2 })
    await run()
    for (const left of [3, 1, 0]) {
      await run()
      assert.equal(existing().length, left)
    }
  })

  test('goes on with the next account when one cannot be listed', async (t) => {
    const { create, reaper, account, existing, lines } = await begin(t)
    await create(OWNER, 1)
    const broken = { ...account, tenant: 'globex', config: { ...account.config, apiKey: canary('unknown') } }
    const { run } = reaper({ dryRun: false, maximumShare: 1, accounts: [broken, account] })
    await run()
    assert.equal((await run()).destroyed.length, 1)
    assert.deepEqual(existing(), [])
    assert.equal(lines.filter(({ level, tenant }) => level === 'error' && tenant === 'globex').length, 2)
  })
})
