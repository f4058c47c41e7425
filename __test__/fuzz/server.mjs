// One HTTP server for all cases of the fuzz. It reads requests as they come over the wire, and writes answers byte by
// byte, also ones that no correct server sends.
import net from 'node:net'

import { listen } from '../support/listen.mjs'

/**
 * @typedef {import('./recordings.mjs').Seen & { headers: Record<string, string> }} Request
 *
 * @param {(request: Request, socket: net.Socket) => void} onRequest
 */
export async function startServer(onRequest) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}) // the client may leave at any time
    let waiting = Buffer.alloc(0)
    socket.on('data', (bytes) => {
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
      for (;;) {
        const [request, length] = readRequest(waiting)
        if (request === undefined) return
        waiting = waiting.subarray(length)
        onRequest(request, socket)
      }
    })
  })
  return listen(server, { backlog: 4096 })
}

/** Returns the first request and its length; nothing while it is not whole. */
function readRequest(bytes) {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return []
  const [line, ...lines] = bytes.latin1Slice(0, end).split('\r\n')
  const headers = {}
  for (const each of lines) {
    const colon = each.indexOf(':')
    headers[each.slice(0, colon).toLowerCase()] = each.slice(colon + 1).trim()
  }
  const length = end + 4 + Number(headers['content-length'] ?? 0)
  if (bytes.length < length) return []
  const [method, target] = line.split(' ')
  return [{ method, target, headers, body: bytes.utf8Slice(end + 4, length) }, length]
}
