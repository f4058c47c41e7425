// A registry on this machine: Verdaccio, which has only the packages that are published to it.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { listen } from '../../__test__/support/listen.mjs'
import { Failure } from '../lib/failure.mjs'

/** Keeps all in `folder`. @returns {Promise<{ url: string, token: string, close(): Promise<void> }>} */
export async function startRegistry(folder) {
  await mkdir(folder, { recursive: true })
  const { runServer } = await import('verdaccio')
  const { url, close } = await listen(await runServer(settings(folder)))
  return { url: `${url}/`, token: await register(url), close }
}

const settings = (folder) => ({
  self_path: folder,
  storage: join(folder, 'storage'),
  auth: { htpasswd: { file: join(folder, 'users') } },
  // No uplinks: a package that is missing here is missing, as it would be for a user.
  packages: { '@computesdk/*': { access: '$all', publish: '$authenticated' } },
  max_body_size: '50mb',
  web: { enable: false },
  log: { type: 'file', path: join(folder, 'output.log'), level: 'warn' },
})

/** Registers a user who may publish. */
async function register(url) {
  const user = { name: 'rehearsal', password: 'rehearsal-of-a-release' }
  const answer = await fetch(`${url}/-/user/org.couchdb.user:${user.name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  })
  const { token } = await answer.json()
  if (!token) throw new Failure('The local registry has not registered the user.')
  return token
}
