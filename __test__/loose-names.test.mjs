// A provider that lets a name exist twice after all: what a create makes besides the caller's instance is removed.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { eventually } from './support/eventually.mjs'
import { withFastClock } from './support/fast-clock.mjs'
import { withNamespace } from './support/namespace.mjs'
import { withRailway } from './support/railway.mjs'
import { withRender } from './support/render.mjs'

const { addon, real } = withFastClock()

const PLACES = {
  railway: {
    create: 'serviceCreate',
    start: async (t) => {
      const fixture = await withRailway(t)
      fixture.world.uniqueNames = false
      return fixture
    },
    existing: ({ services }) => services().map(({ id }) => id),
  },
  render: {
    create: 'createService',
    start: (t) => withRender(t, { server: { uniqueNames: false } }),
    existing: ({ services }) => services().map(({ id }) => id),
  },
  namespace: {
    create: 'CreateInstance',
    start: (t) => withNamespace(t, { server: { uniqueTags: false, ending: ['DESTROYED'] } }),
    existing: ({ instances }) => instances().map(({ id }) => id),
  },
}

const HANDLES = { 'no name': {}, 'a key': { idempotencyKey: 'key' }, 'a name': { name: 'box' } }

// Mostly waits, so they run side by side.
describe('a second resource of a create is removed in the background', { concurrency: true }, () => {
  for (const [name, { create, start, existing }] of Object.entries(PLACES)) {
    for (const [how, options] of Object.entries(HANDLES)) {
      test(`and the caller's stays, at ${name}, with ${how}`, async (t) => {
        const fixture = await start(t)
        fixture.server.faults.add({ kind: 'late-effect', milliseconds: real(50_000), when: create })
        const provider = addon[name]({ ...fixture.config, maxRetries: 3 })
        const { instanceId } = await provider.create(options)
        assert.deepEqual(existing(fixture), [instanceId], 'the first request has not taken effect yet')
        await eventually(() => existing(fixture).length === 2, 'it takes effect late', 20_000)
        await eventually(() => existing(fixture).length === 1, 'what it made is removed', 20_000)
        assert.deepEqual(existing(fixture), [instanceId])
      })
    }
  }
})
