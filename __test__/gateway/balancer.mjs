// A balancer: each request goes to the next gateway that accepts a connection.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { pipeline } from 'node:stream/promises'

import { listenUntilEnd } from '../support/listen.mjs'

/** @param {number[]} ports of the gateways on this machine */
export async function startBalancer(t, ports) {
  let turn = 0
  async function connection() {
    for (let tries = 0; tries < ports.length; tries += 1) {
      const socket = connect(ports[turn++ % ports.length], '127.0.0.1')
      const isThere = await once(socket, 'connect').then(() => true, () => false)
      if (isThere) return socket.on('error', () => socket.destroy())
    }
    return undefined
  }
  const balancer = createServer(async (incoming, answer) => {
    const { method, url: path, headers } = incoming
    const socket = await connection()
    if (!socket) return answer.writeHead(503).end()
    const outgoing = request({ method, path, headers, createConnection: () => socket })
    outgoing.once('error', () => answer.destroy())
    answer.once('close', () => socket.destroy())
    outgoing.once('response', (response) => {
      answer.writeHead(response.statusCode, response.headers)
      pipeline(response, answer).catch(() => {})
    })
    incoming.pipe(outgoing)
  })
  balancer.on('upgrade', async ({ method, url, rawHeaders }, client, head) => {
    client.on('error', () => client.destroy())
    const socket = await connection()
    if (!socket) return client.destroy()
    const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`))
    socket.write(`${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`)
    socket.write(head)
    pipeline(client, socket, client).catch(() => {})
  })
  return listenUntilEnd(t, balancer)
}
