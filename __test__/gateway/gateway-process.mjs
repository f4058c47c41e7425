// A gateway in a process of its own, that can be killed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import { withoutCredentials } from '../../scripts/lib/environment.mjs'
import { ROOT } from '../../scripts/lib/paths.mjs'
import { MARK, printable } from '../support/canary.mjs'
import { eventually } from '../support/eventually.mjs'
import { API_KEY, GATEWAY_PROGRAM } from './fixture.mjs'

/**
 * @param {{ after: (work: () => unknown) => void }} t
 * @param {object} fixture
 * @param {{ settings: object }} fixture.provider
 * @param {number} fixture.port
 * @param {Record<string, string>} [fixture.env]
 * @param {object} [fixture.options] of the gateway
 * @param {string[]} [fixture.imports] modules that the process imports first
 */
export async function startGatewayProcess(t, { provider, port, env, options, imports = [] }) {
  const first = ['tsx', ...imports].flatMap((name) => ['--import', name])
  const child = spawn(process.execPath, [...first, GATEWAY_PROGRAM], {
    cwd: ROOT,
    env: {
      ...withoutCredentials(),
      GATEWAY_OPTIONS: JSON.stringify({ apiKeys: { acme: API_KEY }, settings: provider.settings, ...options }),
      PORT: String(port),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  t.after(() => child.kill('SIGKILL') && ended)
  const lines = []
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes(MARK)) throw new Error(`a secret in the log: ${printable(line)}`)
    lines.push(JSON.parse(line))
  })
  let isOver = false
  ended.then(() => (isOver = true))
  /** Resolves with the first line of the log that begins so. */
  const logged = (beginning) => {
    const look = () => {
      const line = lines.find(({ msg }) => msg?.startsWith(beginning))
      if (isOver && !line) throw new Error(`the gateway has ended without: ${beginning}\n${printable(said)}`)
      return line
    }
    return eventually(look, `the gateway says: ${beginning}`)
  }
  await logged('Server listening')
  return {
    url: `http://127.0.0.1:${port}`,
    logged,
    lines,
    ended,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop: () => child.kill('SIGTERM') && ended,
    /** Kills the process, without a warning. */
    kill: () => child.kill('SIGKILL') && ended,
  }
}
