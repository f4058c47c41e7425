// The same from a worker thread, whose environment and addon are its own.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'

import { railway } from '@computesdk/gateway'

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url))
  const [[answer], [exitCode]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  assert.equal(exitCode, 0)
  console.log(answer)
} else {
  const { RAILWAY_BASE_URL: baseUrl } = process.env
  const provider = railway({ baseUrl })
  const { instanceId } = await provider.create()
  await provider.destroy(instanceId)
  assert.equal(await provider.getById(instanceId), null)
  parentPort.postMessage('create, destroy')
}
