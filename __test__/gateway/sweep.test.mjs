// How a gateway settles rows by itself, while clients call it.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { API_KEY, keyOf, memoryState, speakerOf, startGateway, withProvider } from './fixture.mjs'

test('a find-or-create does not wait while its gateway takes the lease of the row', async (t) => {
  const provider = await withProvider(t, 'railway', { daemon: false })
  const { projectId, environmentId } = provider.config
  const account = { tenant: 'acme', provider: 'railway', place: `${projectId}/${environmentId}`.toLowerCase() }
  const key = keyOf(account, { name: 'app' })
  const state = memoryState({ leaseMilliseconds: 300 })

  let answer
  let asksForLease
  const asked = new Promise((resolve) => (asksForLease = resolve))
  const client = {}
  const slow = {
    ...state,
    lease: (name) => {
      asksForLease()
      return state.lease(name)
    },
    /** Its answer takes long: meanwhile a client asks for the name. */
    leaseUnsettled: async (...parameters) => {
      const rows = await state.leaseUnsettled(...parameters)
      if (rows.length > 0 && !answer) {
        answer = client.speak('POST', '/v1/sandboxes/find-or-create', { name: 'app' })
        await asked
      }
      return rows
    },
  }
  const gateway = await startGateway({
    apiKeys: { acme: API_KEY },
    settings: provider.settings,
    log: { level: 'silent' },
    answerMilliseconds: 10_000,
    state: slow,
  })
  t.after(gateway.close)
  client.speak = speakerOf(provider, gateway)
  await state.insert({ ...account, key, config: {}, phase: 'creating', wish: { name: 'app' }, tokenHash: key })
  await state.release(key)
  while (!answer) await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await answer).status, 200)
  assert.equal(provider.existing().length, 1)
})
