// Makes calls that are never answered. Ends on a message: by an exception, or with the exit code that it is.
import { railway } from '@computesdk/gateway'

const provider = railway(JSON.parse(process.env.INPUT))
for (let count = 0; count < 20; count += 1) provider.list().catch(() => {})
process.on('message', (exitCode) => {
  if (exitCode === 'exception') throw new Error('on purpose')
  process.exit(exitCode)
})
