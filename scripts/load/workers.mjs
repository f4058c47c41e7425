// Loads the addon in workers only, one set after the other, and ends half of them during a call. The library must not
// be unloaded while its threads run. The variable BASE_URL is the address of Railway's fake server.
import assert from 'node:assert/strict'
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
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  const failed = new Promise((_, reject) => worker.once('error', reject))
  const said = new Promise((resolve) => worker.once('message', resolve))
  assert.equal(await Promise.race([said, failed]), 'listed')
  if (isTerminated) await worker.terminate()
  await Promise.race([ended, failed])
}
