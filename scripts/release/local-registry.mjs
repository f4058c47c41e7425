// A registry on this machine: Verdaccio, which has only the packages that are published to it.
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @param {string} folder for all that it keeps
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function startRegistry(folder) {
  await mkdir(folder, { recursive: true })
  const { runServer } = await import('verdaccio')
  const server = await runServer(settings(folder))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const settings = (folder) => ({
  self_path: folder,
  storage: join(folder, 'storage'),
  // No uplinks: a package that is missing here is missing, as it would be for a user.
  packages: { '@computesdk/*': { access: '$all', publish: '$all' } },
  max_body_size: '50mb',
  web: { enable: false },
  log: { type: 'file', path: join(folder, 'output.log'), level: 'warn' },
})
