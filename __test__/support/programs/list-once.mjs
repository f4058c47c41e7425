// Calls list once and prints what its error says, as JSON. Proxies and certificates are read once per process.
import { railway } from '@computesdk/gateway'

const { config, method = 'list' } = JSON.parse(process.env.INPUT)
const began = performance.now()
const outcome = await railway(config)[method]().then(
  (value) => ({ value }),
  (error) => ({ ...error, message: error.message }),
)
console.log(JSON.stringify({ ...outcome, milliseconds: performance.now() - began }))
