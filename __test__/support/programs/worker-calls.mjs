// A worker that makes its share of the calls, and ends by itself.
import { parentPort, workerData } from 'node:worker_threads'

import { railway } from '@computesdk/gateway'

const provider = railway(workerData.config)
const results = await Promise.all(Array.from({ length: workerData.calls }, () => provider.list()))
parentPort.postMessage(results.length)
