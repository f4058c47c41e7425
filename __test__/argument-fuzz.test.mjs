// Arguments that no type allows: whatever is given, a factory or call refuses it by name or goes on, and neither throws
// nor hangs. FUZZ_SEED chooses others; with FUZZ_PATH, the `path` that a failure prints, it repeats the least call that
// fails.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as addon from '@computesdk/gateway'
import * as fc from 'fast-check'

import './support/environment.mjs'
import { createArgumentFuzz } from './fuzz/arguments.mjs'
import { recordings } from './fuzz/run.mjs'

const RUNS = 6_000
const { FUZZ_SEED: seed = 1, FUZZ_PATH: path } = process.env

const propertyOf = (fuzz) => fc.asyncProperty(fuzz.calls, async (call) => assert.equal(await fuzz.check(call), undefined))

test(`${RUNS} calls with hostile arguments break no rule (FUZZ_SEED=${seed})`, async (t) => {
  const fuzz = await createArgumentFuzz(await recordings(), addon)
  t.after(fuzz.close)
  const options = { seed: Number(seed), numRuns: RUNS, includeErrorInReport: true, ...(path && { path }) }
  await fc.assert(propertyOf(fuzz), options)
  assert.deepEqual([...fuzz.violations], [])
  t.diagnostic(JSON.stringify(fuzz.counts))
  for (const code of ['INVALID_CONFIG', 'INVALID_ARGUMENT', 'UNAUTHENTICATED', 'NETWORK']) {
    assert.ok(path || fuzz.counts[code] > 100, `${code} is among the outcomes`)
  }
})

/** Creates that each break one rule, and how the fuzz tells it. */
const BROKEN = {
  'a call that throws': [() => assert.fail('x'), /create throws: /],
  'a call that returns no promise': [() => 1, /create returns no promise: 1/],
  'a call that resolves': [async () => {}, /create resolves although its credential is refused/],
  'an error of another kind': [() => Promise.reject(new Error('x')), /no error of the package/],
}

const refusing = (operation) => () => {
  const properties = { name: 'GatewayError', code: 'UNAUTHENTICATED', provider: 'render', operation, retryable: false }
  return Promise.reject(Object.assign(new Error('x'), properties))
}

/** Hostile options may throw. */
function hasImage(options) {
  try {
    return options.image !== undefined
  } catch {
    return false
  }
}

for (const [title, [breaks, says]] of Object.entries(BROKEN)) {
  test(`the fuzz reports ${title}, and the smallest arguments that show it`, async (t) => {
    const [getById, list, destroy] = ['getById', 'list', 'destroy'].map(refusing)
    const create = (options) => (hasImage(options) ? breaks() : refusing('create')())
    const { render } = await recordings()
    const fuzz = await createArgumentFuzz({ render }, { render: () => ({ name: 'render', create, getById, list, destroy }) })
    t.after(fuzz.close)
    const { failed, counterexample, errorInstance } = await fc.check(propertyOf(fuzz), { seed: 1, numRuns: 1_000 })
    assert.ok(failed)
    assert.match(errorInstance.message, says)
    const [{ method, options }] = counterexample
    assert.deepEqual([method, options.map(({ name }) => name)], ['create', ['image']])
  })
}
