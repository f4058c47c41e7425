// Where Namespace's token and address come from.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { namespace } from '@computesdk/gateway'

import { assertNoSecret, assertSame, canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { withFolder } from './support/folder.mjs'
import { ABSENT_ID, TOKEN, withNamespace } from './support/namespace.mjs'
import { runProgram } from './support/program.mjs'
import { rawServer } from './support/raw-server.mjs'
import { rejection, thrown } from './support/rejection.mjs'

// Word for word as in 0.3.24: callers match on it.
const MISSING = 'Missing Namespace token. Provide token in config or set NSC_TOKEN environment variable.'

const NOTHING = { NSC_TOKEN: undefined, NSC_TOKEN_FILE: undefined, NSC_ENDPOINT: undefined }
const BEARER = { first: canary('first'), second: canary('second'), filed: canary('filed') }

/** A server that takes several tokens, and a place for token files. */
async function fixture(t, variables = {}) {
  const { server, world, workspace } = await withNamespace(t)
  for (const token of Object.values(BEARER)) world.addToken({ workspace, token })
  setEnvironment(t, { ...NOTHING, ...variables })
  const folder = withFolder(t)
  return {
    server,
    folder,
    make: (config) => namespace({ baseUrl: server.url, maxRetries: 0, ...config }),
    async file(content, name = 'token.json') {
      const path = join(folder, name)
      await writeFile(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content))
      return path
    },
  }
}

/** The token that the last request was signed with. */
const bearer = ({ requests }) => requests.at(-1).headers.authorization

describe('a missing token', () => {
  const rows = [{}, { token: '' }, { token: ' \t' }, { token: undefined }, { token: null }]
  for (const config of rows) {
    test(`rejects at each method with the text of 0.3.24, not at the factory ${JSON.stringify(config)}`, async (t) => {
      const { make, server } = await fixture(t)
      const provider = make(config)
      const calls = {
        create: () => provider.create(),
        getById: () => provider.getById(ABSENT_ID),
        list: () => provider.list(),
        destroy: () => provider.destroy(ABSENT_ID),
      }
      const expected = { code: 'INVALID_CONFIG', message: MISSING, provider: 'namespace', retryable: false }
      for (const [operation, call] of Object.entries(calls)) await rejection(call(), { ...expected, operation })
      assert.equal(server.requests.length, 0)
    })
  }
})

describe('the token is taken', () => {
  test('from the config before NSC_TOKEN before the file', async (t) => {
    const { make, server, file } = await fixture(t, { NSC_TOKEN: BEARER.second })
    process.env.NSC_TOKEN_FILE = await file({ bearer_token: BEARER.filed })
    for (const [config, token] of [
      [{ token: TOKEN }, TOKEN],
      [{}, BEARER.second],
      [{ token: '' }, BEARER.second],
    ]) {
      await make(config).list()
      assertSame(bearer(server), `Bearer ${token}`, 'token')
    }
    for (const nothing of ['', ' ', undefined]) {
      if (nothing === undefined) delete process.env.NSC_TOKEN
      else process.env.NSC_TOKEN = nothing
      await make().list()
      assertSame(bearer(server), `Bearer ${BEARER.filed}`, 'token')
    }
  })

  test('at each call anew, not when the provider is made', async (t) => {
    const { make, server, file } = await fixture(t)
    const provider = make()
    await rejection(provider.list(), { message: MISSING })
    process.env.NSC_TOKEN_FILE = await file({ bearer_token: BEARER.first })
    await provider.list()
    assertSame(bearer(server), `Bearer ${BEARER.first}`, 'token')
    // The platform renews it.
    await file({ bearer_token: BEARER.second })
    await provider.list()
    assertSame(bearer(server), `Bearer ${BEARER.second}`, 'token')
    process.env.NSC_TOKEN = BEARER.filed
    await provider.list()
    assertSame(bearer(server), `Bearer ${BEARER.filed}`, 'token')
  })

  test('without the white space around it', async (t) => {
    const { make, server, file } = await fixture(t)
    process.env.NSC_TOKEN_FILE = await file({ bearer_token: ` ${BEARER.filed}\n` })
    await make().list()
    assertSame(bearer(server), `Bearer ${BEARER.filed}`, 'token from the file')
    await make({ token: `\t${TOKEN} ` }).list()
    assertSame(bearer(server), `Bearer ${TOKEN}`, 'token from the config')
  })

  for (const [title, content] of Object.entries({
    'with all that it may hold': { bearer_token: BEARER.filed, session_token: canary('session'), more: [{}] },
    'of an older form': { tenant_token: BEARER.filed },
    'of both forms': { bearer_token: BEARER.filed, tenant_token: canary('old') },
    'with an empty new form beside the old one': { bearer_token: '', tenant_token: BEARER.filed },
    'that begins with white space': `\n ${JSON.stringify({ bearer_token: BEARER.filed })}\n`,
  })) {
    test(`from a file ${title}`, async (t) => {
      const { make, server, file } = await fixture(t)
      process.env.NSC_TOKEN_FILE = await file(content)
      await make().list()
      assertSame(bearer(server), `Bearer ${BEARER.filed}`, 'token')
    })
  }

  test("from a worker's own environment", async (t) => {
    const { server, file } = await fixture(t, { NSC_TOKEN: BEARER.first })
    const path = await file({ bearer_token: BEARER.filed })
    const code = `
      const { workerData, parentPort } = require('node:worker_threads')
      const { namespace } = require('@computesdk/gateway')
      const tell = (outcome) => parentPort.postMessage(outcome)
      namespace(workerData).list().then((all) => tell(all.length), (error) => tell(error.code))`
    const workerData = { baseUrl: server.url, maxRetries: 0 }
    const run = (env) =>
      new Promise((resolve, reject) => {
        new Worker(code, { eval: true, env, workerData }).once('message', resolve).once('error', reject)
      })
    assert.equal(await run({ NSC_TOKEN_FILE: path }), 0)
    assertSame(bearer(server), `Bearer ${BEARER.filed}`, 'token')
    assert.equal(await run({}), 'INVALID_CONFIG')
  })
})

describe('a token file that is of no use rejects, names the variable and quotes nothing of the file:', () => {
  const files = {
    'of a login only': [{ session_token: canary('session') }, /login session.*`nsc token create`/],
    'without a token': [{ user: canary('user') }, /holds no bearer_token/],
    'with an empty token': [{ bearer_token: '' }, /holds no bearer_token/],
    'with a token that is no text': [{ bearer_token: [canary('list')] }, /not the JSON object/],
    'with a token that no header can carry': [{ bearer_token: canary('a\nb') }, /visible ASCII/],
    'that is a bare token': [canary('bare'), /not the JSON object/],
    'that is a list': [[canary('list')], /not the JSON object/],
    'that is empty': ['', /not the JSON object/],
    'that is cut': [`{"bearer_token":"${canary('cut')}`, /not the JSON object/],
    'that is no UTF-8': [Buffer.from([0xff, 0xfe, 0x7b]), /could not be read/],
    'that is too long': [{ bearer_token: canary('long'), more: 'x'.repeat(64 * 1024) }, /could not be read.*64 KiB/],
  }
  for (const [title, [content, message]] of Object.entries(files)) {
    test(title, async (t) => {
      const { make, server, file } = await fixture(t)
      process.env.NSC_TOKEN_FILE = await file(content)
      const expected = { code: 'INVALID_CONFIG', message, retryable: false, operation: 'list' }
      const error = await rejection(make().list(), expected)
      assert.match(error.message, /NSC_TOKEN_FILE/)
      assertNoSecret(error, ['xxxx'])
      assert.equal(server.requests.length, 0)
    })
  }

  test('that does not exist, is a folder, or may block a reader', async (t) => {
    const { make, folder } = await fixture(t)
    const paths = [join(folder, 'missing.json'), folder, '/dev/null', '/dev/zero']
    for (const path of paths) {
      process.env.NSC_TOKEN_FILE = path
      const expected = { code: 'INVALID_CONFIG', message: /NSC_TOKEN_FILE names could not be read/ }
      await rejection(make().list(), expected)
    }
  })
})

test('NSC_TOKEN with characters that no header can carry is refused by its name', async (t) => {
  const { make, server } = await fixture(t, { NSC_TOKEN: canary('two words') })
  await rejection(make().list(), { code: 'INVALID_CONFIG', message: /NSC_TOKEN must/ })
  assert.equal(server.requests.length, 0)
})

describe('the address', () => {
  test('is that of NSC_ENDPOINT where the config names none', async (t) => {
    const { server } = await fixture(t)
    for (const endpoint of [server.url, `${server.url}/`, ` ${server.url}\n`]) {
      process.env.NSC_ENDPOINT = endpoint
      assert.deepEqual(await namespace({ token: TOKEN }).list(), [])
    }
    assert.equal(server.requests.length, 3)
  })

  test('is read at each call anew', async (t) => {
    const one = await fixture(t)
    const other = await fixture(t)
    const provider = namespace({ token: TOKEN })
    for (const { server } of [one, other]) {
      process.env.NSC_ENDPOINT = server.url
      await provider.list()
      assert.equal(server.requests.length, 1)
    }
  })

  test('is baseUrl before region before NSC_ENDPOINT', async (t) => {
    const { server, make } = await fixture(t, { NSC_ENDPOINT: 'https://endpoint.invalid' })
    assert.deepEqual(await make({ token: TOKEN, region: 'eu' }).list(), [])
    assert.deepEqual(await make({ token: TOKEN }).list(), [])
    assert.equal(server.requests.length, 2)
  })

  // The proxy learns the address, and connects to none.
  const ways = [
    ['of the region us without a word of it', {}, {}, 'us.compute.namespaceapis.com:443'],
    ['of the region that the config names', { region: 'eu' }, {}, 'eu.compute.namespaceapis.com:443'],
    [
      'of the region, whatever NSC_ENDPOINT says',
      { region: 'eu' },
      { NSC_ENDPOINT: 'https://endpoint.invalid' },
      'eu.compute.namespaceapis.com:443',
    ],
    [
      'of NSC_ENDPOINT as a bare host',
      {},
      { NSC_ENDPOINT: 'api.iad4.namespaceapis.com' },
      'api.iad4.namespaceapis.com:443',
    ],
    ['of the region us where both are empty', { region: '' }, { NSC_ENDPOINT: '' }, 'us.compute.namespaceapis.com:443'],
    [
      'of the region us where both are blank',
      { region: ' ' },
      { NSC_ENDPOINT: ' ' },
      'us.compute.namespaceapis.com:443',
    ],
  ]
  for (const [title, config, variables, address] of ways) {
    test(`is that ${title}`, async (t) => {
      const proxy = await rawServer(t, (socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'))
      const env = { HTTPS_PROXY: proxy.url, ...variables }
      const input = { factory: 'namespace', config: { token: TOKEN, maxRetries: 0, ...config } }
      const { stdout } = await runProgram('list-once.mjs', { input, env })
      assert.deepEqual(proxy.received.map((text) => text.split(' ').slice(0, 2)), [['CONNECT', address]])
      assert.equal(JSON.parse(stdout).code, 'NETWORK')
      assertNoSecret(proxy.received)
    })
  }

  const malformed = ['http://example.com', 'ftp://127.0.0.1', 'https://', 'a b', `https://user:${canary('password')}@x`]
  for (const endpoint of malformed) {
    test(`is refused at the call where NSC_ENDPOINT is malformed: ${endpoint.split('user')[0]}`, async (t) => {
      await fixture(t, { NSC_ENDPOINT: endpoint })
      const provider = namespace({ token: TOKEN })
      await rejection(provider.list(), { code: 'INVALID_CONFIG', message: /^NSC_ENDPOINT must/, operation: 'list' })
    })
  }
})

describe('a value of the wrong type or form throws at the factory and names the field', () => {
  const rows = [
    ['token', 5],
    ['token', {}],
    ['token', canary('with\nnewline')],
    ['token', canary('with space inside')],
    ['region', 5],
    ['region', 'US'],
    ['region', 'us.evil.example/'],
    ['region', 'us@evil.example'],
    ['region', 'us:443'],
    ['region', 'us#'],
    ['destroyReason', 5],
    ['documentedPurpose', {}],
    ['baseUrl', 'http://example.com'],
    ['baseUrl', `https://user:${canary('password')}@example.com`],
    ['requestTimeoutMs', '5'],
    ['maxRetries', -1],
  ]
  for (const [field, value] of rows) {
    const shown = typeof value === 'string' ? JSON.stringify(value).replace(/CANARY-7b1d-/g, '') : typeof value
    test(`${field}: ${shown}`, () => {
      const expected = { code: 'INVALID_CONFIG', provider: 'namespace', operation: 'configure', retryable: false }
      const error = thrown(() => namespace({ [field]: value }), expected)
      assert.ok(error.message.startsWith('Invalid Namespace configuration: '), error.message)
      assert.ok(error.message.includes(`config.${field} `), error.message)
    })
  }
})
