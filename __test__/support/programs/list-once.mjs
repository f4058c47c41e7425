// Makes one call, prints its value or what its error says, as JSON, and ends by itself. Proxies and certificates are read
// once per process.
import { namespace, railway } from '@computesdk/gateway'

const { factory = 'railway', config, method = 'list' } = JSON.parse(process.env.INPUT)
const began = performance.now()
const outcome = await { namespace, railway }[factory](config)[method]().then(
  (value) => ({ value }),
  (error) => ({ ...error, message: error.message }),
)
console.log(JSON.stringify({ ...outcome, milliseconds: performance.now() - began }))
