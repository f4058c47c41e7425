// What the daemon answers: the endpoints that the published client (computesdk@2.5.4) needs, and no more.
import { setTimeout as sleep } from 'node:timers/promises'

import { badRequest, notFound, Refusal } from './errors.mjs'
import { createFiles } from './files.mjs'

const BODY_MAXIMUM = 16 * 1024 * 1024
const WAIT_MAXIMUM_SECONDS = 300

/**
 * @param {object} options
 * @param {(request: import('node:http').IncomingMessage) => boolean} options.isAllowed
 * @param {import('./commands.mjs').Commands} options.commands
 * @param {string} options.folder
 * @returns {import('node:http').RequestListener}
 */
export function createListener({ isAllowed, commands, folder }) {
  const files = createFiles(folder)

  // By method and the first segment of the path; the rest of the path is `rest`, its segments decoded.
  const ROUTES = {
    'GET health': () => ({ status: 'ok', timestamp: new Date().toISOString() }),
    'GET ready': () => ({ ready: true, healthy: true, servers: [], overlays: [] }),
    'GET info': () => ({ data: { name: 'fake of the ComputeSDK daemon', node: process.version, folder } }),
    'POST run': run,
    'GET terminals': wait,
    'POST files': async ({ json }) => ({ data: await files.write(json) }),
    'GET files': async ({ rest, query }) => {
      if (rest === '') return { data: await files.list(query.get('path') || '.') }
      const data = await (query.get('content') === 'true' ? files.read(rest) : files.look(rest))
      return { data, ...data } // computesdk of PyPI looks for the content one level higher
    },
    'HEAD files': ({ rest }) => files.look(rest),
    'DELETE files': ({ rest }) => files.remove(rest),
  }

  return async (request, response) => {
    const { status, body } = await answer(request, response).catch(refuse)
    if (response.destroyed) return
    if (!request.complete) response.setHeader('connection', 'close') // do not wait for a body that was not read
    const text = body === undefined ? '' : JSON.stringify(body)
    response.writeHead(status, text === '' ? {} : { 'content-type': 'application/json' })
    response.end(request.method === 'HEAD' ? '' : text)
  }

  async function answer(request, response) {
    if (!isAllowed(request)) throw new Refusal(401, 'the access token is wrong')
    const [path, search = ''] = request.url.split('?', 2)
    const [, first, rest] = /^\/([^/]*)\/?(.*)$/.exec(path) ?? []
    const route = ROUTES[`${request.method} ${first}`]
    if (!route) throw notFound(`no such endpoint: ${request.method} /${first}`)
    const json = request.method === 'POST' ? await readJson(request) : undefined
    const query = new URLSearchParams(search)
    const body = await route({ rest: decode(rest), query, json, response })
    return { status: body === undefined ? 204 : 200, body }
  }

  async function run({ rest, json, response }) {
    if (rest === 'code') {
      const command = await finish(commands.prepareCode(json), response)
      const { output, exitCode, what } = command
      return { data: { output, exit_code: exitCode, language: what.language } }
    }
    if (rest !== 'command') throw notFound('only /run/command and /run/code')
    const command = commands.prepare(json)
    // The client subscribes to the channel first, and then starts the command (streams.mjs).
    if (json.stream) return { data: { cmd_id: command.id, channel: command.id, status: 'pending' } }
    if (json.background) {
      commands.start(command)
      return { data: present(command) }
    }
    return { data: present(await finish(command, response)) }
  }

  async function wait({ rest, query }) {
    const [, terminalId, id] = /^([^/]+)\/commands\/([^/]+)\/wait$/.exec(rest) ?? []
    const command = commands.get(id)
    if (command === undefined || command.terminalId !== terminalId) throw notFound('no such command')
    const seconds = Number(query.get('timeout') ?? WAIT_MAXIMUM_SECONDS)
    if (!(seconds >= 0)) throw badRequest('timeout has to be a number of seconds')
    const limit = sleep(Math.min(seconds, WAIT_MAXIMUM_SECONDS) * 1000, 'late', { ref: false })
    const first = await Promise.race([command.ended, limit])
    if (first === 'late') throw new Refusal(408, `the command still runs after ${seconds} s`)
    return { data: present(command) }
  }

  /** Runs a command until it ends, or until its client closes the connection. */
  async function finish(command, response) {
    const leave = () => commands.kill(command)
    response.once('close', leave)
    commands.start(command)
    await command.ended
    response.off('close', leave)
    return command
  }
}

const present = ({ id, terminalId, stdout, stderr, exitCode, durationMs, status }) => ({
  cmd_id: id,
  terminal_id: terminalId,
  stdout,
  stderr,
  status,
  ...(exitCode !== undefined && { exit_code: exitCode, duration_ms: durationMs }),
})

async function readJson(request) {
  const chunks = []
  let size = 0
  // Read to its end in any case, because a client that is sending does not read an answer.
  for await (const chunk of request) {
    size += chunk.length
    if (size <= BODY_MAXIMUM) chunks.push(chunk)
  }
  if (size > BODY_MAXIMUM) throw new Refusal(413, `the body is larger than ${BODY_MAXIMUM} bytes`)
  try {
    const json = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (typeof json === 'object' && json !== null) return json
  } catch {
    // said below
  }
  throw badRequest('the body has to be a JSON object')
}

/** `/files//tmp/a%20b` is the absolute path `/tmp/a b`: no slash may be lost. */
function decode(path) {
  try {
    return path.split('/').map(decodeURIComponent).join('/')
  } catch {
    throw badRequest('the path is not encoded well')
  }
}

function refuse(error) {
  if (error instanceof Refusal) return { status: error.status, body: { error: error.message } }
  console.error(error)
  return { status: 500, body: { error: 'internal error' } }
}
