// A worker that creates an instance at Namespace and waits until it runs. The token is in its environment.
import { workerData } from 'node:worker_threads'

import { namespace } from '@computesdk/gateway'

await namespace(workerData).create({ waitUntilReady: true })
