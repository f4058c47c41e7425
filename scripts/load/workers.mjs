// Loads the addon in workers only, one set after the other, and ends half of them during a call. The library must not
// be unloaded while its threads run. The variable BASE_URL is the address of Railway's fake server.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const SETS = 5
const ABREAST = 4

const program = `
  import('@computesdk/gateway').then(async ({ railway }) => {
    const { parentPort } = await import('node:worker_threads')
    const { BASE_URL: baseUrl } = process.env
    await railway({ baseUrl }).list()
    parentPort.postMessage('listed')
    await railway({ baseUrl }).list()
  })
`

for (let set = 0; set < SETS; set += 1) {
  await Promise.all(Array.from({ length: ABREAST }, (_, index) => live(index % 2 === 0)))
}
console.log(`${SETS * ABREAST} workers came and went`)

async function live(isTerminated) {
  const worker = new Worker(program, { eval: true })
  // It rejects when the worker fails.
  const ended = once(worker, 'exit')
  const [said] = await Promise.race([once(worker, 'message'), ended])
  assert.equal(said, 'listed')
  if (isTerminated) await worker.terminate()
  await ended
}
