// Calls list once at the real address, by the proxy that the environment names, and prints how it ended.
import { namespace } from '@computesdk/gateway'

const config = JSON.parse(process.env.INPUT)
const outcome = await namespace({ maxRetries: 0, ...config }).list().then(
  () => 'listed',
  ({ code }) => code,
)
console.log(outcome)
