// What code of the same process can replace does not get the keys of callers.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { canary } from './support/canary.mjs'
import { runProgram } from './support/program.mjs'

test('functions that are replaced after the import see no key, and calls work', async () => {
  const config = { projectId: 'p', environmentId: 'e', baseUrl: 'http://127.0.0.1:1', maxRetries: 0 }
  const input = { key: canary('key'), config }
  const { code, stdout, stderr } = await runProgram('replaced-functions.mjs', { input })
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), { seen: [], codes: ['NETWORK', 'NETWORK', 'NETWORK'] })
})
