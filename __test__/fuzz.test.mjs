// The fuzz of answers: 20 000 calls whose answers are changed. FUZZ_SEED chooses others.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import './support/environment.mjs'
import { createAnswerFuzz } from './fuzz/answers.mjs'
import { recordings, runAnswers } from './fuzz/run.mjs'
import { printable } from './support/canary.mjs'
import { PROVIDERS } from './support/providers.mjs'

const ANSWERS = 20_000
const seed = Number(process.env.FUZZ_SEED ?? 1)

function assertNone(violations) {
  const told = violations.slice(0, 5).map(
    ({ number, text, log = [] }) =>
      `${text.slice(0, 800)}\n  ${printable(log.join('\n  '))}\n` +
      `  again: node __test__/fuzz/replay.mjs --seed ${seed} --case ${number}`,
  )
  assert.ok(violations.length === 0, `${violations.length} violations\n${told.join('\n')}`)
}

test(`${ANSWERS} changed answers break no rule`, async (t) => {
  const { violations, counts, milliseconds } = await runAnswers({ seed, numbers: ANSWERS })
  t.diagnostic(`${counts.requests} requests in ${milliseconds.toFixed(0)} ms: ${JSON.stringify(counts)}`)
  for (const name of Object.keys(PROVIDERS)) {
    for (const operation of ['create', 'getById', 'list', 'destroy']) {
      assert.ok(counts[`${name}.${operation}`] > ANSWERS / 50, `${name}.${operation} is among the cases`)
    }
  }
  for (const outcome of ['success', 'PROTOCOL', 'NOT_FOUND', 'OUTCOME_UNKNOWN']) {
    assert.ok(counts[outcome] > 0, `${outcome} is among the outcomes`)
  }
  assert.ok(counts.events > ANSWERS, 'events were searched for secrets')
  assertNone(violations)
})

/** An error that looks like one of the package. */
const errorOf = (code, message, properties) =>
  Object.assign(new Error(message), { name: 'GatewayError', code, provider: 'render', retryable: false, ...properties })

/** Calls that each break one rule, at Render, and how the fuzz tells it. */
const BROKEN = {
  'a call that never settles': { list: () => new Promise(() => {}), says: /^the call hangs$/ },
  'an error of another kind': { list: () => Promise.reject(new Error('x')), says: /^no error of the package/ },
  'an unknown code': {
    list: () => Promise.reject(errorOf('EXPLODED', 'x', { operation: 'list' })),
    says: /^an unknown code/,
  },
  'INTERNAL': { list: () => Promise.reject(errorOf('INTERNAL', 'x', { operation: 'list' })), says: /^INTERNAL/ },
  'an error of another operation': {
    list: () => Promise.reject(errorOf('NETWORK', 'x', { operation: 'create' })),
    says: /^an error of render\.create/,
  },
  'a credential in an error': {
    list: ({ apiKey }) => Promise.reject(errorOf('NETWORK', 'x', { operation: 'list', requestId: apiKey })),
    says: /^a secret in an error/,
  },
  'the end of a credential in an error': {
    list: ({ apiKey }) => Promise.reject(errorOf('NETWORK', apiKey.slice(-10), { operation: 'list' })),
    says: /^a secret in an error/,
  },
  'a secret in a result': {
    list: ({ apiKey }) => Promise.resolve([{ instance: { name: apiKey }, instanceId: 'srv-x' }]),
    says: /^a secret in a result/,
  },
  'an id that getById refuses': {
    create: () => Promise.resolve({ instance: {}, instanceId: '..' }),
    getById: () => Promise.reject(errorOf('INVALID_ARGUMENT', 'x')),
    says: /^an id that getById refuses/,
  },
  'another instance than the one that was asked for': {
    getById: () => Promise.resolve({ instance: {}, instanceId: 'srv-other' }),
    says: /^getById of srv-\w+ gives/,
  },
  'a list that is none': { list: () => Promise.resolve(null), says: /^list gives/ },
  'a request to another path': {
    destroy: ({ apiKey, baseUrl }) => send(`${baseUrl}/owners`, 'GET', apiKey),
    says: /^a request to another path: "GET \/v1\/owners"/,
  },
  'a request with the credential of another': {
    destroy: ({ baseUrl }) => send(`${baseUrl}/services`, 'GET', 'other'),
    says: /^a request with a credential that is not its own/,
  },
  'a deletion of what is not ours': {
    create: ({ apiKey, baseUrl }) => send(`${baseUrl}/services/srv-production`, 'DELETE', apiKey),
    says: /^a deletion of what we have not made: 'srv-production'|^a deletion of what we have not made: srv-production/,
  },
}

async function send(url, method, key) {
  await fetch(url, { method, headers: { authorization: `Bearer ${key}` } }).catch(() => {})
}

describe('the fuzz reports', () => {
  for (const [title, { says, ...methods }] of Object.entries(BROKEN)) {
    test(title, async () => {
      const recorded = await recordings()
      const render = (config) =>
        Object.fromEntries(Object.entries(methods).map(([method, run]) => [method, () => run(config)]))
      const addon = { ...Object.fromEntries(Object.keys(recorded).map((name) => [name, () => ({})])), render }
      const fuzz = await createAnswerFuzz({ recordings: recorded, addon, fastAddon: addon, seed, longestTicks: 10 })
      const operation = Object.keys(methods)[0]
      const isFitting = (each) => each.provider === 'render' && each.operation === operation
      const number = Array.from({ length: 1_000 }, (_, each) => each).find((each) => isFitting(fuzz.describe(each)))
      await fuzz.run(number)
      await fuzz.close()
      assert.ok(fuzz.violations.some(({ text }) => says.test(text)), JSON.stringify(fuzz.violations))
      assert.ok(fuzz.violations.every((violation) => violation.number === number))
    })
  }
})

test('a case is the same each time, and another with another seed', async () => {
  const recorded = await recordings()
  const addon = Object.fromEntries(Object.keys(recorded).map((name) => [name, () => ({})]))
  const show = async (chosen) => {
    const fuzz = await createAnswerFuzz({ recordings: recorded, addon, fastAddon: addon, seed: chosen })
    const cases = Array.from({ length: 50 }, (_, number) => {
      const { random, provider, operation, changed, options } = fuzz.describe(number)
      return { provider, operation, changed, options, next: random.next() }
    })
    await fuzz.close()
    return cases
  }
  assert.deepEqual(await show(7), await show(7))
  assert.notDeepEqual(await show(7), await show(8))
})
