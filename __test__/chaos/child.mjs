// The program that processes.mjs runs: makes the creates it is told to, and tells what came of each.
import { loadClient } from './client.mjs'
import { PROVIDERS } from './providers/index.mjs'
import { rejected, resolved } from './story.mjs'

let client

process.on('message', async ({ setUp, config, jobs }) => {
  if (setUp) {
    client = loadClient({ ...setUp, provider: PROVIDERS[setUp.providerName] })
    // The first call of a process takes much longer than any other; it finds nobody.
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
