#!/usr/bin/env node
// npm run soak                            50 000 mixed calls, and what remains of them in the process
// npm run soak -- --calls 5000 --seed 7   fewer calls, of a given seed
//
// Before the first measurement, the calls of --warm-up fill pools, caches and bounded memories.
// The callers run in a process of their own, whose memory is measured. The server runs in this one.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { withoutCredentials } from '../../scripts/lib/environment.mjs'
import { Failure, runMain } from '../../scripts/lib/failure.mjs'
import { addonPath } from '../support/test-addon.mjs'
import { openFixture } from './fixture.mjs'
import { providerOf, whole } from './options.mjs'

const WORKER = fileURLToPath(new URL('soak-worker.mjs', import.meta.url))

const GROWTH_LIMIT_MEGABYTES = 10

/** Calls per server, so that a listing does not grow with the number of old resources. */
const CALLS_PER_SERVER = 2_000

const LATEST_EFFECT = 20_000

await runMain(async () => {
  const options = readArguments()
  const { provider, calls, warmUp, seed, speed } = options
  console.log(`Soak at ${provider.title}: ${calls} calls after ${warmUp} to warm up, seed ${seed}, speed ${speed}`)
  console.log(`addon: ${addonPath()} (with test hooks: time can only be made to run faster in that build)`)
  const result = await soak(options)
  const failures = failuresOf(result)
  for (const failure of failures) console.log(`FAILED: ${failure}`)
  if (failures.length === 0) console.log('Nothing stuck, no listener left, memory within its bound.')
  else process.exitCode = 1
})

function readArguments() {
  try {
    const text = { type: 'string' }
    const { values } = parseArgs({
      options: {
        provider: { ...text, default: 'railway' },
        calls: { ...text, default: '50000' },
        'warm-up': { ...text, default: '20000' },
        seed: { ...text, default: String(randomBytes(4).readUInt32LE()) },
        speed: { ...text, default: '100' },
      },
    })
    const [calls, warmUp, speed] = ['calls', 'warm-up', 'speed'].map((name) => whole(values, name))
    return { provider: providerOf(values), calls, warmUp, seed: whole(values, 'seed', 0), speed }
  } catch (error) {
    throw new Failure(error.message, 2)
  }
}

async function soak({ provider, calls, warmUp, seed, speed }) {
  let fixture
  let faults = 0
  const close = async () => {
    for (const count of Object.values(fixture?.faults ?? {})) faults += count
    await fixture?.close()
    fixture = undefined
  }
  const open = async (number) => {
    await close()
    const own = { seed: seed + number, faultProfile: { type: 'random', rate: 0.15, longThrottle: false } }
    const scenarios = provider.locations.map(([, location]) => ({ ...own, id: `${number}.${location}`, location }))
    const plan = { seed: seed + number, lag: {}, stale: {}, outages: [], latestEffect: LATEST_EFFECT, scenarios }
    fixture = await openFixture({ plan, provider, speed })
    return scenarios.map((scenario) => fixture.callerFor(scenario, 'soak').config)
  }

  // A young generation of its usual size takes and frees 24 MB, which would hide a leak.
  const execArgv = ['--expose-gc', '--max-semi-space-size=2']
  const child = fork(WORKER, { env: withoutCredentials(), execArgv })
  try {
    return await new Promise((resolve, reject) => {
      let number = 0
      child.on('error', reject)
      child.on('exit', (code, signal) => reject(new Error(`the callers' process ended with ${signal ?? code}`)))
      child.on('message', async ({ wantsServer, progress, result }) => {
        if (wantsServer) child.send({ configs: await open((number += 1)) })
        if (progress) console.log(`  ${progress}`)
        if (result) resolve(close().then(() => ({ ...result, faults })))
      })
      child.send({ providerName: provider.name, calls, warmUp, callsPerServer: CALLS_PER_SERVER, seed, speed })
    })
  } finally {
    child.removeAllListeners('exit')
    child.kill()
    await close()
  }
}

function failuresOf({ growth, stuck, listeners, notAborted, counts, codes, faults }) {
  console.log(`calls: ${figures(counts)}`)
  console.log(`rejections: ${figures(codes)}; faults: ${faults}`)
  console.log(`memory: ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MB since warm-up; stuck: ${stuck}; listeners left: ${listeners}`)
  return [
    growth >= GROWTH_LIMIT_MEGABYTES && `memory grew by ${growth.toFixed(1)} MB; the bound is ${GROWTH_LIMIT_MEGABYTES} MB`,
    stuck > 0 && `${stuck} promises never settled`,
    listeners > 0 && `${listeners} listeners are left on the signal that all calls have used`,
    notAborted > 0 && `${notAborted} calls did not end with ABORTED when their signal fired`,
  ].filter(Boolean)
}

function figures(counts) {
  return Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(', ')
}
