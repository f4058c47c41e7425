// Makes a call that is never answered, and ends by an exception on a message.
import { railway } from '@computesdk/gateway'

const provider = railway(JSON.parse(process.env.INPUT))
for (let count = 0; count < 20; count += 1) provider.list().catch(() => {})
process.on('message', () => {
  throw new Error('on purpose')
})
