import { startHttpServer } from './http.mjs'

/**
 * Starts the server of a fake provider, with its world and its records.
 *
 * @param {object} options besides these, those of startHttpServer
 * @param {{ port: number, now: () => number, onDone?: (request: object) => void }} options.settings
 * @param {{ close: () => void | Promise<void> }} options.world
 * @param {import('./processes.mjs').Processes} [options.processes]
 * @param {object[]} options.violations requests that a client of ours may not send; the real server may accept them
 * @param {object} [options.fullSchema] the provider's own document to check requests against, if it is present
 */
export async function startFakeServer({ settings, world, processes, violations, fullSchema, ...options }) {
  const { port, now, onDone } = settings
  const server = await startHttpServer({ port, now, onDone, ...options })
  const closeServer = server.close
  return Object.assign(server, {
    world,
    settings,
    processes: processes?.all,
    violations,
    fullSchema: fullSchema !== undefined,
    async close() {
      await closeServer()
      await world.close()
      await processes?.close()
    },
  })
}
