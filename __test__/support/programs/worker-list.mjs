// A worker that lists once, and sends the outcome.
import { parentPort, workerData } from 'node:worker_threads'

import { railway } from '@computesdk/gateway'

try {
  const instances = await railway(workerData).list()
  parentPort.postMessage({ count: instances.length })
} catch ({ code, message }) {
  parentPort.postMessage({ code, message })
}
