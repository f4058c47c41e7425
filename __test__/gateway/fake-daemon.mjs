// A daemon that a test controls. It registers with a sandbox's token.
import { createServer } from 'node:http'

import { listenUntilEnd } from '../support/listen.mjs'

/** @param {import('node:http').RequestListener} [listener] */
export async function withDaemon(t, listener = (_request, answer) => answer.end('{}')) {
  const server = createServer(listener)
  const { url } = await listenUntilEnd(t, server)
  return { server, url, register: (gateway, token, address = url) => register(gateway, token, address) }
}

/** Registers an address. Returns the gateway's answer. */
export async function register(gateway, token, url) {
  const answer = await fetch(`${gateway.url}/internal/daemons`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url }),
  })
  await answer.text()
  return answer.status
}
