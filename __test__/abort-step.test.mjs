// An abort while a step after the create is in flight: what exists is removed at once.
import { describe, test } from 'node:test'

import { COMMAND_PLANS } from './servers/vercel/index.mjs'
import { ACCESS_TOKEN } from './support/canary.mjs'
import { eventually } from './support/eventually.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { DAEMON, withVercel } from './support/vercel.mjs'

/** Longer than the test waits for the removal. */
const HANG = { kind: 'slow', milliseconds: 30_000 }

const PLACES = {
  railway: {
    steps: ['variableCollectionUpsert', 'serviceInstanceLimitsUpdate', 'serviceInstanceUpdate', 'serviceInstanceDeployV2'],
    start: (t) => withRailway(t, { environments: ['production', 'staging'] }),
    options: { daemonConfig: { accessToken: ACCESS_TOKEN }, vcpus: 1, startCommand: 'daemon' },
    existing: ({ services }) => services().length,
  },
  vercel: {
    steps: ['runCommand', 'getCommand'],
    start: (t) => withVercel(t, { server: { commandPlan: COMMAND_PLANS.succeeds } }),
    options: DAEMON,
    existing: ({ sandboxes }) => sandboxes().length,
  },
}

describe('an abort does not wait for the step in flight', { concurrency: true }, () => {
  for (const [name, { steps, start, options, existing }] of Object.entries(PLACES)) {
    for (const step of steps) {
      for (const effectFirst of [true, false]) {
        test(`${step} at ${name}, ${effectFirst ? 'after' : 'before'} its effect`, async (t) => {
          const fixture = await start(t)
          const { provider, server } = fixture
          const controller = new AbortController()
          server.faults.add({ ...HANG, effectFirst, when: step })
          const ended = rejection(provider.create({ ...options, signal: controller.signal }), { code: 'ABORTED' })
          const isStep = ({ operation, operations = [operation] }) => operations.includes(step)
          await eventually(() => server.requests.some(isStep), 'the step is in flight', 10_000)
          controller.abort()
          await ended
          await eventually(() => existing(fixture) === 0, 'it is removed', 5_000)
          server.faults.clear()
        })
      }
    }
  }
})
