// What is done to an answer: to a value in it, to its text, to its status and headers, and to its bytes on the wire.
import { entriesOf, MISSING, pathsOf, withValue } from '../support/drift.mjs'
import { parse } from './recordings.mjs'

/** Ids and cursors that mean something else where they are pasted into a URL, a header or a log. */
export const HOSTILE_TEXTS = [
  '', ' ', '.', '..', '../..', '../services', '%2e%2e', 'a/b', 'a?b=c', 'a#b', 'a/b?c#d', 'xn--', '__proto__',
  '\t', '\n', '\0', 'a\r\nX-Injected: 1', '\u202e\r\n\u001b[31m', '\u001B[31mred\u001B[0m', '${{ shared.SECRET }}',
  '\u202Etxt.exe', '\u202Eabc\u200B', 'a\u200Bb', 'ä', '\uD800', 'a\uDC00b', '\u{1F600}'.repeat(50), 'x'.repeat(5_000),
]
const OTHER_VALUES = [
  MISSING, null, true, 0, -1, 1.5, 1e308, 2 ** 60, [], [null], [[[]]], {}, { a: { b: {} } },
  '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z',
]

const escaped = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

/** How a provider may write back a secret that it was sent. */
const SPELLINGS = [
  (text) => text,
  (text) => encodeURIComponent(text),
  (text) => encodeURIComponent(text).replaceAll(/%../g, (escape) => escape.toLowerCase()),
  (text) => JSON.stringify(text),
  (text) => JSON.stringify(JSON.stringify(text)),
  // Go, Python and PHP.
  (text) => JSON.stringify(text).replaceAll('&', '\\u0026').replaceAll('<', '\\u003c'),
  (text) => JSON.stringify(text).replaceAll(/[^ -~]/g, escaped),
  (text) => JSON.stringify(text).replaceAll('/', '\\/'),
]

/** Returns a text in which the provider repeats what it was sent. */
export function echo(request, random) {
  const sent = [request.headers['authorization'] ?? '', request.headers['project-access-token'] ?? '', request.body]
  return `You sent ${random.pick(SPELLINGS)(random.pick(sent))}, which is wrong`
}

const IS_ID = /(^|\.)(id|\w+Id|name|slug|cursor|next|endCursor)$/i

/** Returns the body with one value replaced; now and then with several. */
export function mutateJson(body, request, random) {
  let json = parse(body)
  if (json === undefined) return mutateText(body, random)
  const count = random.pick([1, 1, 1, 2, 5])
  for (let round = 0; round < count; round += 1) {
    const paths = pathsOf(json)
    if (paths.length === 0) return random.pick(['null', '[]', '{}', '""', '0', 'true'])
    const ids = paths.filter((path) => IS_ID.test(path))
    const path = ids.length > 0 && random.next() < 0.5 ? random.pick(ids) : random.pick(paths)
    json = withValue(json, path, random.pick(REPLACEMENTS)(json, request, random))
  }
  return JSON.stringify(json)
}

/** What takes the place of a value. */
const REPLACEMENTS = [
  ...Array.from({ length: 3 }, () => (_json, _request, random) => random.pick(HOSTILE_TEXTS)),
  (_json, request, random) => echo(request, random),
  // The value of another field.
  (json, _request, random) => random.pick([...entriesOf(json)])[1],
  ...Array.from({ length: 3 }, () => (_json, _request, random) => random.pick(OTHER_VALUES)),
]

/** What is done to a text, also at a place in it. */
const TEXT_CHANGES = [
  (body, at) => body.slice(0, at),
  (body) => body + body,
  (body) => `\uFEFF${body}`,
  (body, at, random) => body.slice(0, at) + String.fromCharCode(random.integer(128)) + body.slice(at + 1),
  () => '['.repeat(2_000),
  () => '<html><body>Bad gateway</body></html>',
  // Each key twice.
  (body) => body.replaceAll(/"(\w+)":/g, '"$1":null,"$1":'),
  () => '',
]

/** Returns the text cut, doubled, nested or with other bytes in it. */
export function mutateText(body, random) {
  const at = random.integer(body.length + 1)
  return random.pick(TEXT_CHANGES)(body, at, random)
}

const STATUSES = [100, 200, 201, 202, 204, 206, 299, 301, 307, 400, 401, 402, 403, 404, 409, 418, 429, 500, 503, 599, 999]
const HEADERS = [
  ['retry-after', ['0', '1', '-1', '1e9', '99999999999999999999', 'soon', 'Wed, 21 Oct 2037 07:28:00 GMT', '\u00FF']],
  ['content-type', ['text/html', 'application/json', 'application/json; charset=utf-16', '', 'x'.repeat(5_000)]],
  ['content-encoding', ['gzip', 'br', 'nonsense']],
  ['location', ['/elsewhere', 'http://127.0.0.1:1/', '//example.com']],
  ['x-request-id', ['x'.repeat(5_000), '\u001B[2J', 'a b', '']],
  ['x-railway-request-id', ['x'.repeat(5_000)]],
  ['ratelimit-remaining', ['0', '-1', 'none']],
  ['ratelimit-reset', ['1', '99999999999', '-5', 'x']],
  ['x-ratelimit-remaining', ['0', 'none']],
  ['x-ratelimit-reset', ['1', '99999999999', 'x']],
  ['set-cookie', ['a=b']],
  ['transfer-encoding', ['chunked', 'nonsense']],
  ['connection', ['close', 'upgrade']],
  ['content-length', ['0', '5', '99999', '-1', '1, 2', '18446744073709551616']],
]

/** Returns the head of an answer with another status or header. */
export function mutateHead({ status, headers }, random) {
  if (random.next() < 0.5) return { status: random.pick(STATUSES), headers }
  const [name, values] = random.pick(HEADERS)
  return { status, headers: { ...headers, [name]: random.pick(values) } }
}

/** Returns an answer as it goes over the wire. */
export function toBytes({ status, headers, body }) {
  const bytes = Buffer.from(body)
  const all = { 'content-length': String(bytes.length), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n`, 'latin1'), bytes])
}

/** How a broken connection, proxy or server answers. */
const BREAKS = [
  (_bytes, socket) => socket.destroy(),
  (_bytes, socket) => socket.resetAndDestroy(),
  (bytes, socket, random) => socket.end(bytes.subarray(0, random.integer(bytes.length))),
  (bytes, socket, random) => {
    const changed = Buffer.from(bytes)
    for (let count = 0; count < 3; count += 1) changed[random.integer(changed.length)] = random.integer(256)
    // The client may wait for the rest of such an answer for ever.
    socket.end(changed)
  },
  (_bytes, socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  (bytes, socket) => socket.end(Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'), bytes])),
  // An answer more than was asked for.
  (bytes, socket) => socket.end(Buffer.concat([bytes, bytes])),
]

/** Writes an answer as a broken connection, proxy or server would. */
export const writeBroken = (bytes, socket, random) => random.pick(BREAKS)(bytes, socket, random)
