// A worker that waits for an answer that never comes.
import { workerData } from 'node:worker_threads'

import { railway } from '@computesdk/gateway'

await railway(workerData).list()
