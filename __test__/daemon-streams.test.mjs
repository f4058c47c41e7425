// What the fake daemon sends over its WebSocket.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'

import { encodeBinaryMessage } from 'computesdk'
import { WebSocket } from 'ws'

import './support/environment.mjs'
import { ACCESS_TOKEN } from './support/canary.mjs'
import { isAlive, startDaemon } from './support/daemon.mjs'
import { eventually } from './support/eventually.mjs'

/** A WebSocket that speaks as the published client does. */
async function open(t, { url }) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?token=${ACCESS_TOKEN}&protocol=binary`)
  t.after(() => socket.terminate())
  await once(socket, 'open')
  const messages = []
  socket.on('message', (data, isBinary) => messages.push(isBinary ? data : JSON.parse(data)))
  return { socket, messages, send: (message) => socket.send(encodeBinaryMessage(message)) }
}

/** A command that waits for its start. */
async function prepare({ ask }, command) {
  const { cmd_id: id, channel, status } = (await ask('POST /run/command', { command, stream: true })).body.data
  assert.equal(status, 'pending')
  return { id, channel, begin: { type: 'command:start', data: { cmd_id: id } } }
}

describe('a streamed command', { concurrency: 4 }, () => {
  test('sends its output as it comes, as text, and its exit code', async (t) => {
    const daemon = await startDaemon(t)
    const { send, messages } = await open(t, daemon)
    const waiting = 'while [ ! -e go ]; do sleep 0.02; done'
    const { id, channel, begin } = await prepare(daemon, `echo one; ${waiting}; echo two >&2; exit 4`)
    send({ type: 'subscribe', channel })
    send(begin)
    await eventually(() => messages.length > 0)
    const message = (type, data) => ({ type: `command:${type}`, channel, data: { cmd_id: id, ...data } })
    assert.deepEqual(messages, [message('stdout', { output: 'one\n' })], 'before its end')
    await daemon.ask('POST /files', { path: 'go' })
    await eventually(() => messages.length === 3)
    assert.deepEqual(messages.slice(1), [message('stderr', { output: 'two\n' }), message('exit', { exit_code: 4 })])
  })

  test('reaches its subscribers only', async (t) => {
    const daemon = await startDaemon(t)
    const { send, messages } = await open(t, daemon)
    const unheard = await prepare(daemon, 'echo no')
    const heard = await prepare(daemon, 'echo yes')
    send({ type: 'subscribe', channel: unheard.channel })
    send({ type: 'unsubscribe', channel: unheard.channel })
    send({ type: 'subscribe', channel: heard.channel })
    send(unheard.begin)
    send({ type: 'command:start', data: { cmd_id: 'cmd_nobody' } })
    await eventually(async () => (await daemon.ask(`GET /terminals/x/commands/${unheard.id}/wait`)).status === 404)
    send(heard.begin)
    await eventually(() => messages.length === 2)
    assert.deepEqual(new Set(messages.map(({ channel }) => channel)), new Set([heard.channel]))
  })

  test('ends with the connection that has begun it', async (t) => {
    const daemon = await startDaemon(t)
    const { send, messages, socket } = await open(t, daemon)
    const { channel, begin } = await prepare(daemon, 'echo $$; exec sleep 60')
    send({ type: 'subscribe', channel })
    send(begin)
    await eventually(() => messages.length > 0)
    const pid = Number(messages[0].data.output)
    assert.ok(isAlive(pid))
    socket.close()
    await eventually(() => !isAlive(pid))
  })

  test('needs the token, the path and a frame of the right form', async (t) => {
    const { url } = await startDaemon(t)
    const refused = async (path, headers) => {
      const socket = new WebSocket(url.replace('http', 'ws') + path, { headers })
      const [error] = await once(socket, 'error')
      return error.message
    }
    assert.match(await refused('/ws'), /401/)
    assert.match(await refused(`/ws?token=${ACCESS_TOKEN}x`), /401/)
    assert.match(await refused(`/other?token=${ACCESS_TOKEN}`), /404/)
    assert.match(await refused(`/ws?token=${ACCESS_TOKEN}`, { authorization: 'Bearer wrong' }), /401/)
    for (const bytes of [[], [9, 0, 0, 0, 0, 0, 0, 0, 0], [3, 0, 1], [3, 0, 0, 0, 0, 0, 0, 0, 9, 255, 255]]) {
      const headers = { authorization: `Bearer ${ACCESS_TOKEN}` }
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers })
      await once(socket, 'open')
      socket.send(Buffer.from(bytes))
      assert.equal((await once(socket, 'close'))[0], 1003)
    }
  })
})
