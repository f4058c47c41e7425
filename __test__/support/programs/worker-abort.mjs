// A worker that aborts a create on a message, and ends.
import { parentPort, workerData } from 'node:worker_threads'

import { railway } from '@computesdk/gateway'

const controller = new AbortController()
parentPort.once('message', () => controller.abort())
await railway(workerData)
  .create({ waitUntilReady: true, signal: controller.signal })
  .catch((error) => parentPort.postMessage(error.code))
