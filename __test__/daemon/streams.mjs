// Streams output over a WebSocket. The client's frames are binary, of a form of its own. The answers are JSON in text
// frames, because the client does not recognise these three messages in binary ones.
import { WebSocketServer } from 'ws'

const FRAME_MAXIMUM = 64 * 1024
const SUBSCRIBE = 1
const UNSUBSCRIBE = 2
const DATA = 3
const STRING = 1
/** Close codes of RFC 6455, 7.4.1. */
const UNSUPPORTED_DATA = 1003
const TRY_AGAIN_LATER = 1013

/**
 * @param {import('node:http').Server} server
 * @param {object} options
 * @param {(request: import('node:http').IncomingMessage) => boolean} options.isAllowed
 * @param {import('./commands.mjs').Commands} options.commands
 */
export function serveStreams(server, { isAllowed, commands }) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: FRAME_MAXIMUM })

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    const path = request.url.split('?', 1)[0]
    if (!isAllowed(request)) return socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n')
    if (path !== '/ws') return socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
    return sockets.handleUpgrade(request, socket, head, serve)
  })

  function serve(socket) {
    const channels = new Set()
    socket.on('error', () => {}) // a frame that is too large or broken; `ws` closes it
    socket.on('message', (data) => {
      let frame
      try {
        frame = readFrame(data)
      } catch {
        return socket.close(UNSUPPORTED_DATA, 'not a frame of the client')
      }
      if (frame.type === SUBSCRIBE) channels.add(frame.channel)
      else if (frame.type === UNSUBSCRIBE) channels.delete(frame.channel)
      else if (frame.message === 'command:start') start(frame.fields.cmd_id)
    })

    function start(id) {
      const command = commands.get(id)
      if (command?.status !== 'pending') return
      const send = (type, data) => {
        if (!channels.has(id)) return
        socket.send(JSON.stringify({ type, channel: id, data: { cmd_id: id, ...data } }))
      }
      command.on('output', (stream, output) => send(`command:${stream}`, { output }))
      command.once('exit', () => send('command:exit', { exit_code: command.exitCode }))
      socket.once('close', () => commands.kill(command)) // no other client sees its output
      try {
        commands.start(command)
      } catch (error) {
        socket.close(TRY_AGAIN_LATER, error.message)
      }
    }
  }
}

/** Big-endian: type, channel, kind of message, payload; texts and payload with their lengths before them. */
function readFrame(buffer) {
  let offset = 0
  const integer = (size) => {
    offset += size
    return buffer.readUIntBE(offset - size, size)
  }
  const text = (sizeOfLength) => {
    const length = integer(sizeOfLength)
    offset += length
    if (offset > buffer.length) throw new RangeError('the frame is too short')
    return buffer.toString('utf8', offset - length, offset)
  }

  const type = integer(1)
  if (![SUBSCRIBE, UNSUBSCRIBE, DATA].includes(type)) throw new RangeError('no such type')
  const frame = { type, channel: text(2), message: text(2), fields: {} }
  const hasFields = integer(4) > 0
  for (let count = hasFields ? integer(2) : 0; count > 0; count -= 1) {
    const key = text(2)
    const kind = integer(1)
    const value = text(4)
    if (kind === STRING) frame.fields[key] = value // the other kinds are in none of the messages that matter here
  }
  return frame
}
