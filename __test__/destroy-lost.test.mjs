// A deletion whose answer is lost, of an instance that was made moments ago: its repeat finds nothing any more.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { PROVIDERS, withEntry } from './support/providers.mjs'

const DELETIONS = {
  railway: 'serviceDelete',
  render: 'deleteService',
  namespace: 'DestroyInstance',
  vercel: 'deleteSandbox',
}

const FAULTS = {
  'the connection is reset': { kind: 'reset-after' },
  'half of it comes': { kind: 'cut' },
  'a failure is answered': { kind: 'respond', status: 503, body: 'upstream connect error', effect: true },
}

// Mostly waits, so they run side by side.
describe('a deletion that took effect settles within 10 s when', { concurrency: true }, () => {
  for (const [name, entry] of Object.entries(PROVIDERS)) {
    for (const [title, fault] of Object.entries(FAULTS)) {
      test(`${title}, at ${name}`, async (t) => {
        const fixture = await withEntry(t, entry)
        const provider = fixture.make({ ...fixture.config, maxRetries: 3 })
        const { instanceId } = await provider.create(entry.image ? { image: entry.image } : {})
        fixture.server.faults.add({ ...fault, when: DELETIONS[name] })
        const began = performance.now()
        await provider.destroy(instanceId)
        assert.ok(performance.now() - began < 10_000)
        assert.deepEqual(fixture.existing(), [])
        assert.equal(await provider.getById(instanceId), null)
      })
    }
  }
})
