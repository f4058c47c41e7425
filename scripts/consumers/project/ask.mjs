// Starts the server of Next.js beside it, and prints what its route answers.
import { setTimeout as sleep } from 'node:timers/promises'

await import('./server.js')
const url = `http://127.0.0.1:${process.env.PORT}/instance`
let response
while (!response) response = await fetch(url).catch(() => sleep(20))
console.log(response.status, await response.text())
process.exit(response.ok ? 0 : 1)
