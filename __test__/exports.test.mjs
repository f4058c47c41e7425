import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import vm from 'node:vm'

import * as imported from '@computesdk/gateway'

import './support/environment.mjs'
import { ENGINES } from './support/docker.mjs'
import { PROVIDERS } from './support/providers.mjs'
import { thrown } from './support/rejection.mjs'

/** A factory that is not held to the behaviour suite should not be there. */
const FACTORIES = Object.values({ ...PROVIDERS, ...ENGINES }).map(({ factory }) => factory)
const EXPORTS = ['CHANNELS', 'isGatewayError', ...new Set(FACTORIES)].sort()

const required = createRequire(import.meta.url)('@computesdk/gateway')

test('import and require give the same named exports', () => {
  const named = new Map(Object.entries(imported))
  assert.deepEqual([...named.keys()], EXPORTS)
  for (const [name, value] of named) {
    assert.equal(typeof value, name === 'CHANNELS' ? 'object' : 'function', name)
    assert.equal(value, required[name], name)
  }
})

test('nothing else is exported but what the loader puts there', () => {
  assert.deepEqual(Object.keys(required).sort(), EXPORTS)
})

test('package.json can be read through the package', () => {
  const manifest = createRequire(import.meta.url)('@computesdk/gateway/package.json')
  assert.equal(manifest.name, '@computesdk/gateway')
})

describe('isGatewayError', () => {
  const ours = thrown(() => imported.railway({ apiKey: 5 }))

  test('knows an error of the package', () => {
    assert.equal(imported.isGatewayError(ours), true)
  })

  test('knows an error from another realm by its name and code', () => {
    const foreign = vm.runInNewContext("Object.assign(new Error('x'), { name: 'GatewayError', code: 'NETWORK' })")
    assert.equal(foreign instanceof Error, false, 'the test needs a foreign one')
    assert.equal(imported.isGatewayError(foreign), true)
  })

  const others = {
    nothing: undefined,
    null: null,
    'a number': 1,
    'a string': 'GatewayError',
    'a symbol': Symbol('GatewayError'),
    'a bigint': 1n,
    'a function': () => {},
    'an array': [],
    'an object that looks like one': { name: 'GatewayError', code: 'NETWORK', message: 'x' },
    'an Error': new Error('x'),
    'an Error with a code': Object.assign(new Error('x'), { code: 'ECONNRESET' }),
    'an Error of that name without a code': Object.assign(new Error('x'), { name: 'GatewayError' }),
    'an Error of that name whose code is no string': Object.assign(new Error('x'), { name: 'GatewayError', code: 5 }),
    'an abort': AbortSignal.abort().reason,
    'a proxy': new Proxy({}, {}),
  }
  for (const [title, value] of Object.entries(others)) {
    test(`does not take ${title} for one`, () => {
      assert.equal(imported.isGatewayError(value), false)
    })
  }

  test('called without a value returns false', () => {
    assert.equal(imported.isGatewayError(), false)
  })

  test('returns false for an error whose properties throw', () => {
    const hostile = Object.defineProperty(new Error('x'), 'name', {
      get() {
        throw new Error('from the getter')
      },
    })
    // A type guard is called in catch blocks. An exception of it would hide the caught one.
    assert.equal(imported.isGatewayError(hostile), false)
  })
})
