// Publishing that breaks off, and goes on.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { publishAll } from '../../scripts/release/publisher.mjs'

const PACKAGES = ['gateway-linux-x64-gnu', 'gateway-win32-x64-msvc', 'gateway'].map((name) => ({
  name,
  version: '1.2.3',
  integrity: `sha512-${name}`,
}))

/** A registry, and what was done to it; `settings` change how it answers. */
function registry({ has = {}, failsAt, losesAnswerAt, looksUntilShown = 0 } = {}) {
  const stored = new Map(Object.entries(has))
  const hidden = new Map()
  const sent = []
  const waits = []
  return {
    sent,
    waits,
    actions: {
      look: async ({ name }) => {
        if (hidden.has(name) && hidden.get(name) > 0) {
          hidden.set(name, hidden.get(name) - 1)
          return undefined
        }
        return stored.get(name)
      },
      publish: async ({ name, integrity }) => {
        sent.push(name)
        if (name === failsAt) return { ok: false, output: 'npm error 503' }
        stored.set(name, integrity)
        hidden.set(name, looksUntilShown)
        return { ok: name !== losesAnswerAt, output: 'npm error network' }
      },
      report: () => {},
      wait: async () => waits.push('wait'),
    },
  }
}

describe('Publishing', () => {
  it('sends the platform packages first and the root package last', async () => {
    const { actions, sent } = registry()
    const { published, skipped } = await publishAll(PACKAGES, actions)
    assert.deepEqual(sent, ['gateway-linux-x64-gnu', 'gateway-win32-x64-msvc', 'gateway'])
    assert.deepEqual(published, sent)
    assert.deepEqual(skipped, [])
  })

  it('does not send the root package when a platform package could not be published', async () => {
    const { actions, sent } = registry({ failsAt: 'gateway-win32-x64-msvc' })
    await assert.rejects(publishAll(PACKAGES, actions), /503\ngateway-win32-x64-msvc@1\.2\.3 could not be published/)
    assert.deepEqual(sent, ['gateway-linux-x64-gnu', 'gateway-win32-x64-msvc'])
  })

  it('goes on where a run broke off', async () => {
    const { actions, sent } = registry({ has: { 'gateway-linux-x64-gnu': 'sha512-gateway-linux-x64-gnu' } })
    const { skipped } = await publishAll(PACKAGES, actions)
    assert.deepEqual(sent, ['gateway-win32-x64-msvc', 'gateway'])
    assert.deepEqual(skipped, ['gateway-linux-x64-gnu'])
  })

  it('sends nothing when a published version has other contents, even that of the last package', async () => {
    const { actions, sent } = registry({ has: { gateway: 'sha512-of-something-else' } })
    await assert.rejects(publishAll(PACKAGES, actions), /gateway@1\.2\.3 is published already, with other contents/)
    assert.deepEqual(sent, [])
  })

  it('takes a package for published whose answer was lost', async () => {
    const { actions } = registry({ losesAnswerAt: 'gateway-win32-x64-msvc' })
    const { published } = await publishAll(PACKAGES, actions)
    assert.equal(published.length, 3)
  })

  it('waits until the registry shows a package before it sends the next', async () => {
    const { actions, waits } = registry({ looksUntilShown: 2 })
    await publishAll(PACKAGES, actions)
    assert.equal(waits.length, 6)
  })

  it('ends when the registry never shows a package', async () => {
    const { actions, sent } = registry({ looksUntilShown: Infinity })
    await assert.rejects(publishAll(PACKAGES, actions), /was sent, and the registry still does not show it/)
    assert.deepEqual(sent, ['gateway-linux-x64-gnu'])
  })
})
