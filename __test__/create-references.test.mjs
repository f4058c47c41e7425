import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertSame, canary } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'

describe('a value that refers to variables of other services', () => {
  const values = [
    '${{ Postgres.DATABASE_URL }}',
    '${{Postgres.DATABASE_URL}}',
    'postgres://${{ shared.PASSWORD }}@host',
    '${{\tRAILWAY_PROJECT_ID\n}}',
    '${{',
  ]
  for (const value of values) {
    test(`is refused: ${JSON.stringify(value)}`, async (t) => {
      const { provider, server } = await withRailway(t)
      for (const options of [
        { envs: { STOLEN: value } },
        { daemonConfig: { accessToken: ACCESS_TOKEN, env: { STOLEN: value } } },
      ]) {
        await rejection(provider.create(options), {
          code: 'INVALID_ARGUMENT',
          message: /STOLEN.*allowVariableReferences/,
          retryable: false,
        })
      }
      await rejection(provider.create({ daemonConfig: { accessToken: value } }), {
        code: 'INVALID_ARGUMENT',
        message: /COMPUTESDK_ACCESS_TOKEN/,
      })
      assert.equal(server.requests.length, 0)
    })
  }

  test('is refused with allowVariableReferences: false, too', async (t) => {
    const { provider } = await withRailway(t)
    const options = { envs: { STOLEN: '${{ a.B }}' }, allowVariableReferences: false }
    await rejection(provider.create(options), { code: 'INVALID_ARGUMENT' })
  })

  test('is not confused with shell syntax', async (t) => {
    const { provider, services } = await withRailway(t)
    await provider.create({ envs: { A: '${HOME}', B: '$ {{ x }}', C: '{{ x }}', D: '$${ x }' } })
    assert.equal(services().length, 1)
  })

  // What the refusal is for: text that a tenant supplies would pull the secret of the service next door.
  test('would give the secret of another service if it were allowed', async (t) => {
    const printAll = (service) => (service.name === 'Postgres' ? { command: 'true' } : { command: 'env' })
    const { provider, world, project, server, environmentId } = await withRailway(t, {
      server: { runCommand: printAll, plan: ['SUCCESS'] },
    })
    const secret = canary('database-password')
    world.addService(project, { name: 'Postgres', image: 'postgres', variables: { PASSWORD: secret } })
    const { instanceId } = await provider.create({
      envs: { STOLEN: '${{ Postgres.PASSWORD }}' },
      allowVariableReferences: true,
    })
    assertSame(world.resolvedVariables(instanceId, environmentId), { STOLEN: secret }, 'variables')
    const thief = server.processes.find(({ serviceId }) => serviceId === instanceId)
    await thief.exited
    assert.ok(thief.output.includes(`STOLEN=${secret}`), 'the process next door saw the secret')
  })
})
