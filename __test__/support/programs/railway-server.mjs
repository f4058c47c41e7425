// A Railway server in a worker: sends its parent a config, and goes on while the parent's thread stands still.
import { parentPort } from 'node:worker_threads'

import { startRailway } from '../railway.mjs'

const { config } = await startRailway()
parentPort.postMessage(config)
