// A registry on this machine: Verdaccio, which has only the packages that are published to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Failure } from '../lib/failure.mjs'
import { freePort } from '../lib/free-port.mjs'
import { toolOf } from './tools.mjs'

const START_ATTEMPTS = 300
const START_INTERVAL_MILLISECONDS = 100

/**
 * @param {string} folder for all that it keeps
 * @returns {Promise<{ url: string, token: string, close(): Promise<void> }>}
 */
export async function startRegistry(folder) {
  await mkdir(folder, { recursive: true })
  const config = join(folder, 'config.json')
  await writeFile(config, JSON.stringify(settings(folder)))
  const url = `http://127.0.0.1:${await freePort()}/`
  const log = join(folder, 'output.log')
  const parameters = [toolOf('verdaccio', 'bin/verdaccio'), '--config', config, '--listen', url]
  const child = spawn(process.execPath, parameters, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const ended = once(child, 'exit')
  const close = async () => {
    child.kill()
    await ended
    await writeFile(log, output)
  }
  try {
    await untilReady(url, child)
    return { url, token: await register(url), close }
  } catch (error) {
    await close()
    throw new Failure(`${output}\nThe local registry does not work: ${error.message}`)
  }
}

const settings = (folder) => ({
  storage: join(folder, 'storage'),
  auth: { htpasswd: { file: join(folder, 'users') } },
  // No uplinks: a package that is missing here is missing, as it would be for a user.
  packages: { '@computesdk/*': { access: '$all', publish: '$authenticated' } },
  max_body_size: '50mb',
  web: { enable: false },
  log: { type: 'stdout', format: 'pretty', level: 'warn' },
})

async function untilReady(url, child) {
  for (let attempts = 0; attempts < START_ATTEMPTS; attempts += 1) {
    if (child.exitCode !== null) throw new Error('it has ended')
    const answer = await fetch(new URL('-/ping', url)).catch(() => undefined)
    if (answer?.ok) return
    await sleep(START_INTERVAL_MILLISECONDS)
  }
  throw new Error('it does not answer')
}

/** Registers a user who may publish. */
async function register(url) {
  const user = { name: 'rehearsal', password: 'rehearsal-of-a-release' }
  const answer = await fetch(new URL(`-/user/org.couchdb.user:${user.name}`, url), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  })
  const { token } = await answer.json()
  if (!token) throw new Error('the registry has not registered the user')
  return token
}
