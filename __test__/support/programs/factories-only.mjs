// Makes providers without a call, and prints what they cost the process.
import { readdirSync, readlinkSync } from 'node:fs'

const linux = process.platform === 'linux'
const threads = () => (linux ? readdirSync('/proc/self/task').length : 0)
const sockets = () => (linux ? readdirSync('/proc/self/fd').filter(isSocket).length : 0)

function isSocket(descriptor) {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:')
  } catch {
    return false // the one by which the list was read
  }
}

const before = { threads: threads(), sockets: sockets() }
const { railway } = await import('@computesdk/gateway')
const start = performance.now()
let last
for (let count = 0; count < 100_000; count += 1) {
  last = railway({ apiKey: 'x', projectId: 'p', environmentId: `${count}` })
}
const microseconds = ((performance.now() - start) * 1_000) / 100_000
const after = { threads: threads(), sockets: sockets() }
console.log(JSON.stringify({ before, after, microseconds, name: last.name }))
