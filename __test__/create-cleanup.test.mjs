import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, canary } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { graphqlError } from './servers/railway/index.mjs'

const STEPS = [
  'variableCollectionUpsert',
  'serviceInstanceLimitsUpdate',
  'serviceInstanceUpdate',
  'serviceInstanceDeployV2',
]
const options = { daemonConfig: { accessToken: ACCESS_TOKEN }, vcpus: 1, startCommand: 'daemon' }
const environments = ['production', 'staging']

describe('when a step after the first fails, the service is removed and the error says so', () => {
  for (const step of STEPS) {
    test(step, async (t) => {
      const { provider, server, services, requestsFor } = await withRailway(t, { environments })
      const words = 'Your trial has expired. Please select a plan to continue using Railway.'
      server.faults.add({ ...graphqlError(words), when: step })
      const error = await rejection(provider.create(options), {
        code: 'PAYMENT_REQUIRED',
        operation: 'create',
        retryable: false,
        requestId: '5527782523421805956',
        message: /made and removed again: Your trial has expired\. Please select a plan to continue using Railway\.$/,
      })
      assert.deepEqual(services(), [])
      const [deletion] = requestsFor('serviceDelete')
      assert.equal(error.instanceId, deletion.variables.id)
      assert.equal(deletion.variables.environmentId, undefined, 'ours is removed wholly')
      assert.match(error.resourceName, /^computesdk-/)
    })
  }

  // The workspace was restricted after the service was made.
  test('for a restricted workspace', async (t) => {
    const { provider, server, services } = await withRailway(t, { environments })
    const words = 'Your workspace has been restricted. Please attach a payment method or contact support to resolve this.'
    server.faults.add({ ...graphqlError(words), when: 'serviceInstanceDeployV2' })
    const error = await rejection(provider.create(options), { code: 'PAYMENT_REQUIRED', retryable: false })
    assert.ok(error.message.endsWith(`made and removed again: ${words}`), error.message)
    assert.deepEqual(services(), [])
  })

  test('a step that Railway answers with false', async (t) => {
    const { provider, server, services } = await withRailway(t, { environments })
    server.faults.add({
      kind: 'respond',
      when: 'variableCollectionUpsert',
      status: 200,
      body: { data: { variableCollectionUpsert: false } },
    })
    await rejection(provider.create(options), { code: 'UNAVAILABLE', message: /variableCollectionUpsert/ })
    assert.deepEqual(services(), [])
  })

  test('a step whose connection is lost', async (t) => {
    const { provider, server, services } = await withRailway(t, { environments })
    server.faults.add({ kind: 'reset-before', when: 'serviceInstanceUpdate' })
    await rejection(provider.create(options), { code: 'NETWORK', message: /made and removed again/ })
    assert.deepEqual(services(), [])
  })
})

test('when the removal fails, too, the error says what is left', async (t) => {
  const { provider, server, services } = await withRailway(t, { environments })
  server.faults.add({ ...graphqlError('Not Authorized'), when: 'variableCollectionUpsert' })
  server.faults.add({ ...graphqlError('Not Authorized'), when: 'serviceDelete', times: Infinity })
  const error = await rejection(provider.create(options), {
    code: 'PERMISSION_DENIED',
    message: /could not be removed again/,
  })
  assert.deepEqual(services().map(({ id }) => id), [error.instanceId])
  assert.deepEqual(services().map(({ name }) => name), [error.resourceName])
})

test('a member who may create and not delete learns of the leftover', async (t) => {
  const { makeProvider, server, world, services } = await withRailway(t, { environments })
  const apiKey = world.addToken({ kind: 'workspace', canDelete: false, token: canary('member') })
  server.faults.add({ ...graphqlError('Problem processing request', { code: null }), when: 'serviceInstanceDeployV2' })
  const error = await rejection(makeProvider({ apiKey }).create(options), { message: /could not be removed again/ })
  assert.deepEqual(services().map(({ id }) => id), [error.instanceId])
})
