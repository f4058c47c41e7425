// The program that processes.mjs runs. It makes the creates that it receives, and sends each outcome.
import { loadClient } from './client.mjs'
import { PROVIDERS } from './providers/index.mjs'
import { rejected, resolved } from './scenario.mjs'

let client

process.on('message', async ({ setUp, config, jobs }) => {
  if (setUp) {
    client = loadClient({ ...setUp, provider: PROVIDERS[setUp.providerName] })
    // The first call of a process takes much longer than any other. It reaches no server.
    await client(setUp.config).list().catch(() => {})
  } else {
    const provider = client(config)
    const one = async (options, index) => {
      process.send({ index, outcome: await provider.create(options).then(resolved, rejected) })
    }
    await Promise.all(jobs.map(one))
  }
  process.send({ done: true })
})
