// Creates an instance at Namespace, aborts the create when it is told to, and comes to its end.
import { once } from 'node:events'

import { namespace } from '@computesdk/gateway'

const controller = new AbortController()
const creating = namespace(JSON.parse(process.env.INPUT)).create({ waitUntilReady: true, signal: controller.signal })
await once(process, 'message')
controller.abort()
await creating.catch(({ code }) => console.log(code))
process.disconnect()
