// The watch over all events of the suite finds a secret, wherever it stands, and watches half of the files.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { isWatched, watchEvents } from './support/event-watch.mjs'
import { runProgram } from './support/program.mjs'
import { withRender } from './support/render.mjs'
import { rejection } from './support/rejection.mjs'

describe('the watch over events', () => {
  test('counts those of a call, and finds no secret in them', async (t) => {
    const { provider, server, apiKey } = await withRender(t)
    const watch = watchEvents()
    t.after(watch.stop)
    server.faults.add({ kind: 'respond', status: 403, headers: { 'x-request-id': apiKey }, body: { message: apiKey } })
    await rejection(provider.list(), { code: 'PERMISSION_DENIED' })
    assert.ok(watch.count() >= 6, `${watch.count()}`)
  })

  test('ends a process in which a secret shows, and does not print the secret', async () => {
    for (const where of ['field', 'error']) {
      const { code, stderr } = await runProgram('publish-secret.mjs', { input: { where }, env: { WATCH_EVENTS: 'all' } })
      assert.notEqual(code, 0)
      assert.match(stderr, /A secret shows on the channel @computesdk\/gateway:(request|list:error)/)
    }
    assert.equal((await runProgram('publish-secret.mjs', { input: { where: 'field' } })).code, 0)
    const { stderr } = await runProgram('publish-secret.mjs', { input: { where: 'plain', pattern: 'plain-\\d' } })
    assert.match(stderr, /A secret shows on the channel .*"requestId":"\[secret\], \[secret\]"/)
  })

  test('watches half of the files, another half for another number, and some never', () => {
    const files = Array.from({ length: 200 }, (_, index) => `file-${index}.test.mjs`)
    const chosen = (choice) => files.filter((file) => isWatched(choice, file))
    for (const choice of ['0', '1', '2', '77']) {
      const share = chosen(choice).length / files.length
      assert.ok(share > 0.35 && share < 0.65, `${choice}: ${share}`)
    }
    assert.notDeepEqual(chosen('1'), chosen('2'))
    assert.equal(chosen('all').length, files.length)
    assert.deepEqual(chosen('none'), [])
    assert.deepEqual(chosen(undefined), [])
    assert.equal(isWatched('all', 'diagnostics.test.mjs'), false)
  })
})
