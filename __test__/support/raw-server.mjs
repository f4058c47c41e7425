import net from 'node:net'

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
  const sockets = new Set()
  let connections = 0
  const server = net.createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {}) // the client may leave at any time
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      received.push(text)
      if (text.includes('\r\n\r\n')) onRequest(socket, text)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  })
  const { port } = server.address()
  return { url: `http://127.0.0.1:${port}`, port, received, connections: () => connections }
}
