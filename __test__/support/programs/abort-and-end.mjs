// Creates an instance at Namespace, aborts the create on a message, and ends by itself.
import { once } from 'node:events'

import { namespace } from '@computesdk/gateway'

const controller = new AbortController()
const creating = namespace(JSON.parse(process.env.INPUT)).create({ waitUntilReady: true, signal: controller.signal })
await once(process, 'message')
controller.abort()
await creating.catch(({ code }) => console.log(code))
process.disconnect()
