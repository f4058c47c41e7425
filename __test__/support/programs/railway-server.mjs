// A fake Railway in a worker: sends its parent a config, and works while the parent's thread is blocked. It counts the
// requests that it has answered in the shared number `workerData`.
import { parentPort, workerData } from 'node:worker_threads'

import { startRailway } from '../railway.mjs'

const onDone = () => {
  Atomics.add(workerData, 0, 1)
  Atomics.notify(workerData, 0)
}
const { config } = await startRailway({ server: { onDone } })
parentPort.postMessage(config)
