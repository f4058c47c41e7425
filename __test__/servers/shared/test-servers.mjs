// The servers of a test. They are closed after it, and must not have failed.
import assert from 'node:assert/strict'
import { afterEach } from 'node:test'

const running = []

afterEach(async () => {
  const servers = running.splice(0)
  await Promise.all(servers.map(({ server }) => server.close()))
  for (const { server, violates } of servers) {
    assert.deepEqual(server.errors, [])
    if (!violates) assert.deepEqual(server.violations ?? [], [])
  }
})

/**
 * @template {object} T
 * @param {T} server
 * @param {boolean} [violates] the test sends requests that a client of ours may not send, and leaves them in the record
 * @returns {T}
 */
export function closeAfterTest(server, violates = false) {
  running.push({ server, violates })
  return server
}
