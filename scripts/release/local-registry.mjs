// A registry on this machine: Verdaccio, which has only the packages that are published to it.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { listen } from '../../__test__/support/listen.mjs'

/**
 * @param {string} folder for all that it keeps
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function startRegistry(folder) {
  await mkdir(folder, { recursive: true })
  const { runServer } = await import('verdaccio')
  const { url, close } = await listen(await runServer(settings(folder)))
  return { url: `${url}/`, close }
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
