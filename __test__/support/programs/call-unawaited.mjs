// Makes a call without await. Only the call itself can keep the process alive until it is settled.
import { railway } from '@computesdk/gateway'

railway(JSON.parse(process.env.INPUT))
  .list()
  .then(
    (instances) => console.log(`settled with ${instances.length}`),
    (error) => console.log(`settled with ${error.code}`),
  )
console.log('reached the end')
