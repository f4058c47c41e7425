import { once } from 'node:events'

/**
 * Has a server listen at a free port of this machine.
 *
 * @param {import('node:net').Server} server
 * @param {import('node:net').ListenOptions} [options]
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>} `close` also ends the connections
 */
export async function listen(server, options) {
  const sockets = new Set()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await once(server.listen({ port: 0, host: '127.0.0.1', ...options }), 'listening')
  const { port } = server.address()
  const close = () => {
    const closed = new Promise((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    return closed
  }
  return { url: `http://127.0.0.1:${port}`, port, close }
}

/** Does the same, and closes the server when the test ends. @param {{ after: (work: () => unknown) => void }} t */
export async function listenUntilEnd(t, server, options) {
  const listening = await listen(server, options)
  t.after(listening.close)
  return listening
}
