// Calls list once and prints what its error says, as JSON. Proxies and certificates are read once per process.
import * as gateway from '@computesdk/gateway'

const { factory, config, method = 'list' } = JSON.parse(process.env.INPUT)
const began = performance.now()
const outcome = await gateway[factory](config)[method]().then(
  (value) => ({ value }),
  (error) => ({ ...error, message: error.message }),
)
console.log(JSON.stringify({ ...outcome, milliseconds: performance.now() - began }))
