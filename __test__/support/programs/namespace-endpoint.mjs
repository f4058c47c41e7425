// Calls list once at the real address, by way of the proxy that the environment names, and tells how it ended.
import { namespace } from '@computesdk/gateway'

const config = JSON.parse(process.env.INPUT)
const outcome = await namespace({ maxRetries: 0, ...config }).list().then(
  () => 'listed',
  ({ code }) => code,
)
console.log(outcome)
