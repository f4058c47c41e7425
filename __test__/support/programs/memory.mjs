// Makes one kind of call very often, and prints how much the process has grown, and whether every promise was settled.
import { setImmediate as turn } from 'node:timers/promises'

import { isGatewayError, railway } from '@computesdk/gateway'

const { scenario, config, warmUp, rounds, batch } = JSON.parse(process.env.INPUT)
const ID = '00000000-0000-4000-8000-000000000000'
const provider = railway(config)
const { signal } = new AbortController()
let settled = 0

const count = () => {
  settled += 1
}
const countError = (error) => {
  if (!isGatewayError(error)) throw error
  settled += 1
}

const SCENARIOS = {
  factories(size) {
    for (let index = 0; index < size; index += 1) railway({ ...config, environmentId: `${index}` })
    settled += size
  },
  'aborted before': (size) =>
    repeat(size, () => provider.list({ signal: AbortSignal.abort() }).then(count, countError)),
  'aborted in flight': (size) =>
    repeat(size, () => {
      const controller = new AbortController()
      const call = provider.list({ signal: controller.signal }).then(count, countError)
      controller.abort()
      return call
    }),
  succeeding: (size) => repeat(size, () => provider.getById(ID, { signal }).then(count, countError)),
  rejected: (size) => repeat(size, () => provider.list({ signal }).then(count, countError)),
  'refused arguments': (size) => repeat(size, () => provider.create({ envs: { A: 5 } }).then(count, countError)),
}

const repeat = (size, call) => Promise.all(Array.from({ length: size }, call))

async function measure() {
  for (let index = 0; index < 5; index += 1) {
    globalThis.gc()
    await turn()
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heapUsed, external }
}

async function run(times) {
  for (let round = 0; round < times; round += 1) {
    await SCENARIOS[scenario](batch)
    // Settled calls are released in a later turn of the event loop.
    await turn()
  }
}

await run(warmUp)
const before = await measure()
await run(rounds)
const after = await measure()
const grown = Object.fromEntries(Object.keys(before).map((key) => [key, after[key] - before[key]]))
console.log(JSON.stringify({ grown, settled, expected: (warmUp + rounds) * batch }))
