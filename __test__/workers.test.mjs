import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

import { ROOT } from '../scripts/lib/paths.mjs'
import { eventually } from './support/eventually.mjs'
import { withRailway } from './support/railway.mjs'

const runFile = promisify(execFile)
const program = (name) => new URL(`support/programs/${name}`, import.meta.url)
const FOREVER = { kind: 'slow', milliseconds: Infinity, times: Infinity }

describe('workers', () => {
  test('call at the same time and end by themselves', async (t) => {
    const { config, server } = await withRailway(t)
    const workers = Array.from(
      { length: 20 },
      () => new Worker(program('worker-calls.mjs'), { workerData: { config, calls: 5 } }),
    )
    const ends = await Promise.all(
      workers.map(async (worker) => {
        const [[count], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
        return { count, code }
      }),
    )
    assert.deepEqual(ends, Array.from({ length: 20 }, () => ({ count: 5, code: 0 })))
    assert.equal(server.requests.length, 100)
  })

  test('that are terminated with calls under way do no harm to the others', async (t) => {
    const { config, provider, server } = await withRailway(t)
    server.faults.add(FOREVER)
    const workers = Array.from({ length: 8 }, () => new Worker(program('worker-list.mjs'), { workerData: config }))
    await eventually(() => server.requests.length === 8, 'all calls have arrived')
    await Promise.all(workers.map((worker) => worker.terminate()))
    server.faults.clear()
    assert.deepEqual(await provider.list(), [])
  })

  test('that end while an answer is on its way do no harm either', async (t) => {
    const { config, provider, server } = await withRailway(t)
    server.faults.add({ kind: 'slow', milliseconds: 100, times: 8 })
    const workers = Array.from({ length: 8 }, () => new Worker(program('worker-list.mjs'), { workerData: config }))
    await eventually(() => server.requests.length === 8, 'all calls have arrived')
    await Promise.all(workers.map((worker) => worker.terminate()))
    // The answers come now, to environments that are no more.
    await server.quiet()
    assert.deepEqual(await provider.list(), [])
  })

  test('come and go many times in one process', async (t) => {
    const { config } = await withRailway(t)
    for (let round = 0; round < 10; round += 1) {
      const worker = new Worker(program('worker-calls.mjs'), { workerData: { config, calls: 1 } })
      const [, [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
      assert.equal(code, 0)
    }
  })

  test('that alone load the package come and go in a process', async (t) => {
    const { server, config } = await withRailway(t)
    const { apiKey, projectId, environmentId } = config
    const env = {
      ...process.env,
      BASE_URL: server.url,
      RAILWAY_API_KEY: apiKey,
      RAILWAY_PROJECT_ID: projectId,
      RAILWAY_ENVIRONMENT_ID: environmentId,
    }
    const { stdout } = await runFile(process.execPath, ['scripts/load/workers.mjs'], { cwd: ROOT, env })
    assert.equal(stdout, '20 workers came and went\n')
  })

  test('that end do not stop the removal of what they had created', async (t) => {
    const { config, server, services } = await withRailway(t, { server: { plan: ['BUILDING'] } })
    const worker = new Worker(program('worker-abort.mjs'), { workerData: config })
    const ended = once(worker, 'exit')
    await server.waitForRequest('serviceInstance')
    server.faults.add({ kind: 'slow', milliseconds: 100, effectFirst: false, when: 'serviceDelete' })
    const [[message]] = await Promise.all([once(worker, 'message'), worker.postMessage('abort')])
    assert.equal(message, 'ABORTED')
    await ended
    await server.waitForRequest('serviceDelete')
    assert.deepEqual(services(), [])
  })
})
