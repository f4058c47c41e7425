import net from 'node:net'

import { listenUntilEnd } from './listen.mjs'

/**
 * Starts a TCP server on the loopback interface, for answers that no correct HTTP server sends.
 *
 * @param {import('node:test').TestContext} t closed with it
 * @param {(socket: net.Socket, text: string) => void} onRequest called for each request (its head at least) with what
 *   came so far
 * @returns {Promise<{ url: string, port: number, received: string[], connections: () => number }>}
 */
export async function rawServer(t, onRequest) {
  const received = []
  let connections = 0
  const server = net.createServer((socket) => {
    connections += 1
    socket.on('error', () => {}) // the client may leave at any time
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      received.push(text)
      if (text.includes('\r\n\r\n')) onRequest(socket, text)
    })
  })
  const { url, port } = await listenUntilEnd(t, server)
  return { url, port, received, connections: () => connections }
}
