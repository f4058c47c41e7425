// A fake Railway in a worker: sends its parent a config, and works while the parent's thread is blocked.
import { parentPort } from 'node:worker_threads'

import { startRailway } from '../railway.mjs'

const { config } = await startRailway()
parentPort.postMessage(config)
