// The way into a sandbox: /sb/<id>/… to its daemon.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'

import { WebSocket, WebSocketServer } from 'ws'

import { register, withDaemon } from './fake-daemon.mjs'
import { speakerOf, withGateway, withProvider } from './fixture.mjs'

/** A sandbox in which nothing runs, and a daemon of the test's for it. */
async function withSandbox(t, listener) {
  const provider = await withProvider(t, 'railway', { daemon: false })
  const gateway = await withGateway(t, provider)
  const { json } = await speakerOf(provider, gateway)('POST', '/v1/sandboxes', {})
  const daemon = await withDaemon(t, listener)
  const authorization = `Bearer ${json.data.token}`
  return { gateway, daemon, ...json.data, authorization, dialHome: () => daemon.register(gateway, json.data.token) }
}

/** By node:http, which leaves a path as it is. */
async function send(url, path, { authorization, ...options } = {}, body) {
  const { hostname, port, pathname } = new URL(url)
  const headers = authorization && { authorization }
  const outgoing = request({ hostname, port, path: `${pathname}${path}`, headers, ...options })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response')
  const chunks = []
  for await (const chunk of incoming) chunks.push(chunk)
  return { status: incoming.statusCode, headers: incoming.headers, text: Buffer.concat(chunks).toString() }
}

test('a sandbox whose daemon has not dialled home is unavailable, and then is not', async (t) => {
  const { url, authorization, dialHome } = await withSandbox(t)
  assert.equal((await send(url, '/health', { authorization })).status, 503)
  assert.equal(await dialHome(), 200)
  assert.equal(await dialHome(), 200, 'it says so again and again')
  assert.equal((await send(url, '/health', { authorization })).status, 200)
})

test('paths arrive to the byte: double slashes, percent-encodings, queries', async (t) => {
  const seen = []
  const { url, authorization, dialHome } = await withSandbox(t, ({ url, method, headers }, answer) => {
    seen.push(`${method} ${url} ${headers.authorization === authorization}`)
    answer.end()
  })
  await dialHome()
  for (const path of ['/files//tmp//x', '/files/a%2Fb%20c', '/files?path=//x&b=%2F', '', '/', '//', '?x=1']) {
    assert.equal((await send(url, path, { authorization })).status, 200, path)
  }
  const paths = ['/files//tmp//x', '/files/a%2Fb%20c', '/files?path=//x&b=%2F', '/', '/', '//', '/?x=1']
  assert.deepEqual(seen, paths.map((path) => `GET ${path} true`))
})

test('bodies pass both ways as they come, whatever they are and say they are', async (t) => {
  const { url, authorization, dialHome } = await withSandbox(t, (incoming, answer) => {
    answer.writeHead(207, { 'content-type': incoming.headers['content-type'] ?? 'none', 'x-own': 'yes' })
    incoming.pipe(answer)
  })
  await dialHome()
  const big = 'ü'.repeat(1024 * 1024)
  const bodies = [['application/json', 'not JSON'], ['application/json', ''], ['text/x-odd', big], [undefined, 'x']]
  for (const [type, body] of bodies) {
    const headers = { authorization, ...(type && { 'content-type': type }) }
    const answer = await send(url, '/echo', { method: 'POST', headers }, body)
    const { 'content-type': said, 'x-own': own } = answer.headers
    assert.deepEqual([answer.status, said, own], [207, type ?? 'none', 'yes'])
    assert.ok(answer.text === body, `${type}: another body`)
  }
})

test('an answer is passed on while it comes', async (t) => {
  let more
  const { url, authorization, dialHome } = await withSandbox(t, (_incoming, answer) => {
    answer.write('first')
    more = () => answer.end('second')
  })
  await dialHome()
  const { body } = await fetch(`${url}/stream`, { headers: { authorization } })
  const reader = body.getReader()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'first')
  more()
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'second')
})

test('a client that leaves is not waited for', async (t) => {
  let reached
  const { url, authorization, dialHome } = await withSandbox(t, (incoming, answer) => {
    if (incoming.url === '/begun') answer.write('…')
    reached(once(answer, 'close'))
  })
  await dialHome()
  for (const path of ['/silent', '/begun']) {
    const arrived = new Promise((resolve) => (reached = (left) => resolve({ left })))
    const { hostname, port, pathname } = new URL(url)
    const outgoing = request({ hostname, port, path: `${pathname}${path}`, headers: { authorization } })
    outgoing.on('error', () => {}).end()
    const { left } = await arrived
    outgoing.destroy()
    await left
  }
})

test('only the token of this sandbox opens it', async (t) => {
  const provider = await withProvider(t, 'railway', { daemon: false })
  const gateway = await withGateway(t, provider)
  const speak = speakerOf(provider, gateway)
  const created = await Promise.all([1, 2].map(() => speak('POST', '/v1/sandboxes', {})))
  const [one, other] = created.map(({ json }) => json.data)
  const daemon = await withDaemon(t)
  await daemon.register(gateway, one.token)
  for (const token of [other.token, `${one.token}x`, 'x', '']) {
    assert.equal((await send(one.url, '/health', { authorization: `Bearer ${token}` })).status, 401)
  }
  assert.equal((await send(one.url, '/health')).status, 401)
  const authorization = `Bearer ${one.token}`
  assert.equal((await send(`${gateway.url}/sb/nobody`, '/health', { authorization })).status, 404)
  assert.equal((await send(one.url, `/health?token=${one.token}`)).status, 200)
})

test('a daemon can only be where daemons may be', async (t) => {
  const { gateway, token, url, authorization, daemon } = await withSandbox(t)
  const others = ['http://169.254.169.254', 'http://example.com', 'http://127.0.0.1.example.com']
  for (const address of [...others, 'file:///etc/passwd', 'ws://127.0.0.1', 'x', '']) {
    assert.equal(await register(gateway, token, address), 400, address)
  }
  assert.equal(await register(gateway, 'a guess', daemon.url), 401)
  assert.equal((await send(url, '/health', { authorization })).status, 503)
  // Of an address only the origin counts: no path of it, and no credentials.
  const address = `${daemon.url.replace('//', '//user:password@')}/path?query`
  assert.equal(await register(gateway, token, address), 200)
  assert.equal((await send(url, '/health', { authorization })).status, 200)
})

test('a daemon that is gone is a bad gateway, and the gateway stays', async (t) => {
  const { gateway, token, url, authorization } = await withSandbox(t)
  assert.equal(await register(gateway, token, 'http://127.0.0.1:1'), 200)
  assert.equal((await send(url, '/health', { authorization })).status, 502)
  assert.equal((await send(url, '/files', { authorization, method: 'POST' }, 'x'.repeat(300_000))).status, 502)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?token=${token}`)
  const [error] = await once(socket, 'error')
  assert.match(error.message, /502/)
  assert.equal((await fetch(`${gateway.url}/health`)).status, 200)
})

test('WebSocket passes both ways, text and binary, and closes on either side', async (t) => {
  const { url, token, daemon, dialHome } = await withSandbox(t)
  const daemons = new WebSocketServer({ server: daemon.server })
  daemons.on('connection', (socket, { url }) => {
    socket.send(url)
    socket.on('message', (data, binary) => {
      if (String(data) === 'close') socket.close(4001)
      else socket.send(data, { binary })
    })
  })
  await dialHome()
  const open = async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?token=${token}&protocol=binary`)
    const [hello] = await once(socket, 'message')
    assert.equal(String(hello), `/ws?token=${token}&protocol=binary`)
    return socket
  }
  const socket = await open()
  for (const data of ['text', Buffer.from([0, 255]), 'x'.repeat(300_000)]) {
    socket.send(data)
    const [echo, isBinary] = await once(socket, 'message')
    assert.ok(echo.equals(Buffer.from(data)) && isBinary === Buffer.isBuffer(data))
  }
  socket.send('close')
  assert.equal((await once(socket, 'close'))[0], 4001)

  const other = await open()
  const [left] = [...daemons.clients].map((client) => once(client, 'close'))
  other.terminate()
  await left
})

test('a WebSocket without the token, or to nowhere, is refused by its status', async (t) => {
  const { gateway, url, token, dialHome } = await withSandbox(t)
  const refusal = async (address) => {
    const [error] = await once(new WebSocket(address.replace('http', 'ws')), 'error')
    return error.message
  }
  assert.match(await refusal(`${url}/ws?token=${token}`), /503/)
  await dialHome()
  assert.match(await refusal(`${url}/ws?token=no`), /401/)
  assert.match(await refusal(`${gateway.url}/sb/nobody/ws`), /404/)
  assert.match(await refusal(`${gateway.url}/elsewhere`), /404/)
  assert.match(await refusal(`${url}/ws?token=${token}`), /200/, 'a daemon that does not upgrade')
})

test('a socket that breaks in the middle of its upgrade does no harm', async (t) => {
  const { gateway, url, token, dialHome } = await withSandbox(t)
  await dialHome()
  const { hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const lines = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', '', '']
  socket.write([`GET ${pathname}/ws?token=${token} HTTP/1.1`, ...lines].join('\r\n'))
  socket.resetAndDestroy()
  assert.equal((await fetch(`${gateway.url}/health`)).status, 200)
})
