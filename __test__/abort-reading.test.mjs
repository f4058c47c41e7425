// Signals that fire while a call reads what it was given: options, or process.env.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'

import { railway } from '@computesdk/gateway'

import { callsOf } from './support/fixture.mjs'
import { ABSENT_ID, withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

const METHODS = callsOf(ABSENT_ID)

/** Puts a proxy in place of process.env that calls `onRead` for each variable of Railway that is read. */
function watchEnvironment(t, variables, onRead) {
  const { env } = process
  t.after(() => (process.env = env))
  process.env = new Proxy(env, {
    get(target, name) {
      if (String(name).startsWith('RAILWAY_')) onRead(name)
      return variables[name] ?? target[name]
    },
  })
}

/** Checks that a call was aborted by its signal and nothing is left of it. */
async function assertAborted(call, { signal }, server, expected) {
  const error = await rejection(call, { code: 'ABORTED', retryable: false, ...expected })
  assert.equal(error.cause, signal.reason)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.equal(server.requests.length, 0)
}

describe('a signal that fires while', () => {
  for (const [operation, call] of Object.entries(METHODS)) {
    if (operation === 'getById' || operation === 'destroy') continue
    test(`the options of ${operation} are read`, async (t) => {
      const { provider, server } = await withRailway(t)
      const field = operation === 'list' ? 'managed' : 'image'
      for (const value of [undefined, operation === 'list' ? true : 'acme/box:1']) {
        const controller = new AbortController()
        const options = {
          signal: controller.signal,
          get [field]() {
            controller.abort(new Error('enough'))
            return value
          },
        }
        await assertAborted(call(provider, options), controller, server, { operation })
      }
    })
  }

  for (const [operation, call] of Object.entries(METHODS)) {
    test(`process.env is read for ${operation}`, async (t) => {
      const { config, server } = await withRailway(t)
      const { apiKey, projectId, environmentId, ...others } = config
      let abort
      watchEnvironment(t, { RAILWAY_API_KEY: apiKey, RAILWAY_PROJECT_ID: projectId, RAILWAY_ENVIRONMENT_ID: environmentId }, () =>
        abort?.(),
      )
      const provider = railway(others)
      for (let round = 0; round < 20; round += 1) {
        const controller = new AbortController()
        abort = () => controller.abort(new Error('enough'))
        await assertAborted(call(provider, { signal: controller.signal }), controller, server, { operation })
      }
      // Nothing of them is remembered.
      abort = undefined
      assert.equal(await provider.getById(ABSENT_ID, { signal: new AbortController().signal }), null)
    })
  }

  test('its own methods are read', async (t) => {
    const { provider, server } = await withRailway(t)
    const controller = new AbortController()
    const { signal } = controller
    Object.defineProperty(signal, 'removeEventListener', {
      get() {
        controller.abort(new Error('enough'))
        return EventTarget.prototype.removeEventListener
      },
    })
    await assertAborted(provider.list({ signal }), controller, server)
  })

  test('another call begins inside of it: each is aborted by its own', async (t) => {
    const { config, server } = await withRailway(t)
    const { apiKey, ...others } = config
    const outer = new AbortController()
    const inner = new AbortController()
    const provider = railway(others)
    let begun
    watchEnvironment(t, { RAILWAY_API_KEY: apiKey }, () => {
      if (begun) return inner.abort('inner')
      begun = 'now'
      begun = provider.list({ signal: inner.signal })
      outer.abort('outer')
    })
    const error = await rejection(provider.list({ signal: outer.signal }), { code: 'ABORTED' })
    assert.equal(error.cause, 'outer')
    assert.equal((await rejection(begun, { code: 'ABORTED' })).cause, 'inner')
    assert.equal(server.requests.length, 0)
  })
})

test('invalid options are still refused by name, and nothing is remembered of the signal', async (t) => {
  const { provider, server } = await withRailway(t)
  const controller = new AbortController()
  const options = {
    signal: controller.signal,
    get image() {
      controller.abort()
      return 5
    },
  }
  await rejection(provider.create(options), { code: 'INVALID_ARGUMENT', message: /options\.image/ })
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  assert.equal(server.requests.length, 0)
})
