// The fake ComputeSDK daemon as a process, for tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

import { daemonCommand } from '../servers/shared/daemon.mjs'
import { ACCESS_TOKEN } from './canary.mjs'
import { eventually } from './eventually.mjs'
import { listenUntilEnd } from './listen.mjs'

/** @param {{ options?: string[], env?: Record<string, string> }} [given] `env`: besides path and token */
export async function startDaemon(t, { options, env } = {}) {
  const { command, args } = daemonCommand(options)
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, COMPUTESDK_ACCESS_TOKEN: ACCESS_TOKEN, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const daemon = { child, output: '' }
  daemon.ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  t.after(() => child.kill('SIGTERM') && daemon.ended)
  child.stdout.setEncoding('utf8').on('data', (text) => {
    daemon.output += text
  })
  daemon.url = await eventually(() => /^listening on (\S+)$/m.exec(daemon.output)?.[1])
  daemon.ask = createAsk(daemon.url)
  /** Runs a command that the daemon has to accept. */
  daemon.run = async (text) => (await daemon.ask('POST /run/command', { command: text })).body.data
  daemon.folder = (await daemon.ask('GET /info')).body.data.folder
  return daemon
}

/** Calls the daemon with its token. @param {string} url */
const createAsk = (url) => async (endpoint, json, options) => {
  const space = endpoint.indexOf(' ')
  const answer = await fetch(url + endpoint.slice(space + 1), {
    method: endpoint.slice(0, space),
    headers: { authorization: `Bearer ${ACCESS_TOKEN}`, 'content-type': 'application/json' },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...options,
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
}

/** Starts a gateway as far as a daemon needs it: it records registrations, and answers as the test says. */
export async function startGateway(t, { port = 0, status = 200 } = {}) {
  const gateway = { status, seen: [] }
  const server = createServer(async (request, response) => {
    const body = await json(request)
    const { method, url, headers } = request
    gateway.seen.push({ endpoint: `${method} ${url}`, authorization: headers.authorization, body })
    response.writeHead(gateway.status).end()
  })
  return Object.assign(gateway, await listenUntilEnd(t, server, { port }))
}

export function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
