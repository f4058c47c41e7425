import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { ACCESS_TOKEN, assertNoSecret, canary } from './support/canary.mjs'
import { withRailway } from './support/railway.mjs'
import { rejection } from './support/rejection.mjs'
import { withRender } from './support/render.mjs'
import { graphqlError } from './servers/railway/index.mjs'
import { renderError } from './servers/render/index.mjs'

// It holds what encoders treat differently, in a text without the suite's mark: nothing of it may be readable.
const SECRET = `hunter2!'(x)~/<&>"ü€😀\\n+ %41=\nlast-line`
const FRAGMENTS = ['hunter2', 'last-line', 'aHVudGVyMi', '68756e746572']

const json = (text) => JSON.stringify(text).slice(1, -1)
const escapeUnits = (text, pattern) =>
  text.replace(pattern, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
const percent = (text) => encodeURIComponent(text).replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
const bytes = (text) => Buffer.from(text)

const ENCODINGS = {
  'encodeURIComponent': encodeURIComponent,
  'strict percent-encoding': percent,
  'percent-encoding in lower case': (text) => percent(text).replace(/%../g, (escape) => escape.toLowerCase()),
  'percent-encoding of every byte': (text) => bytes(text).toString('hex').replace(/../g, '%$&'),
  'percent-encoding, twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'a form': (text) => new URLSearchParams({ text }).toString(),
  'JSON': json,
  'the JSON of Go': (text) => escapeUnits(json(text), /[<>&\u2028]/g),
  'the JSON of Python': (text) => escapeUnits(json(text), /[\u0080-\uffff]/g),
  'the JSON of PHP': (text) => escapeUnits(json(text), /[\u0080-\uffff]/g).replaceAll('/', '\\/'),
  'JSON within JSON': (text) => json(json(text)),
  'JSON within JSON within JSON': (text) => json(json(json(text))),
  'percent-encoded JSON': (text) => encodeURIComponent(json(text)),
  'HTML': (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`),
  'base64': (text) => bytes(text).toString('base64'),
  'base64 for URLs': (text) => bytes(`user:${text}`).toString('base64url'),
  'hexadecimal digits': (text) => bytes(text).toString('hex'),
  'one line': (text) => text.replace(/\s+/g, ' '),
  'invisible characters between its own': (text) => [...text].join('\u200b'),
}

describe('an answer that repeats a secret', () => {
  for (const [title, encode] of Object.entries(ENCODINGS)) {
    test(`as ${title} shows nothing of it`, async (t) => {
      const { provider, server } = await withRailway(t)
      const shown = encode(SECRET)
      server.faults.add({
        ...graphqlError(`Your trial has expired: <${shown}>`, { code: shown, traceId: shown }),
        when: 'serviceCreate',
      })
      const error = await rejection(provider.create({ envs: { SECRET } }), { code: 'PAYMENT_REQUIRED' })
      assert.match(error.message, /trial has expired: <.*\[redacted\]/)
      assertNoSecret(error, FRAGMENTS)
    })
  }

  test('in 15 MB, beside 400 variables, is cut before it is searched', async (t) => {
    const { provider, server } = await withRender(t)
    const envs = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`V${at}`, `${canary(at)}-`.repeat(50)]))
    const message = Object.values(envs).join(' ').padEnd(15_000_000, 'x')
    server.faults.add({ ...renderError(400, message), when: 'createService' })
    const error = await rejection(provider.create({ envs }), { code: 'INVALID_ARGUMENT' })
    assert.match(error.message, /\[redacted\] \[redacted\]/)
    assert.ok(error.message.endsWith('…') && error.message.length < 800)
  })
})

describe('short values', () => {
  const envs = { A: '1', B: 'true', C: '400', D: 'Render', E: 'name', F: 'Failed', G: 'to' }
  const instance = { daemonConfig: { accessToken: ACCESS_TOKEN }, envs }

  test('are masked where they stand as a value, and not in other words', async (t) => {
    const { provider, server } = await withRender(t)
    const message = 'A=1 is true, B: true, "C":"400", 1 of 400 names; G is \'to\' to us'
    server.faults.add({ ...renderError(400, message), when: 'createService' })
    const error = await rejection(provider.create(instance))
    assert.equal(
      error.message,
      'Failed to create Render instance: A=[redacted] is true, B: [redacted], "C":"[redacted]", 1 of 400 names; ' +
        "G is '[redacted]' to us",
    )
  })

  test('change neither our own words nor the name of a request', async (t) => {
    const { provider, server } = await withRender(t, { config: { maxRetries: 0 } })
    const failed = async (options) => {
      server.faults.add({
        kind: 'respond',
        status: 302,
        headers: { 'render-request-id': 'req-1:true-400' },
        body: '',
        when: 'createService',
      })
      return rejection(provider.create(options), { httpStatus: 302, requestId: 'req-1:true-400' })
    }
    const words = (await failed({})).message
    const variables = Object.fromEntries(words.split(' ').map((word, at) => [`W${at}`, word.replace(/\W+$/, '')]))
    assert.equal((await failed({ envs: { ...variables, ...envs, ALL: words } })).message, words)
  })
})

describe('what a provider names', () => {
  test('is visible ASCII of at most 128 characters', async (t) => {
    const { provider, server } = await withRailway(t)
    const name = `\u001b[31mBAD\r\nCODE\u202e ü${'x'.repeat(1_000_000)}`
    server.faults.add(graphqlError('Your trial has expired', { code: name, traceId: name }))
    const { providerCode, requestId } = await rejection(provider.list(), { code: 'PAYMENT_REQUIRED' })
    for (const shown of [providerCode, requestId]) assert.equal(shown, '[31mBADCODE'.padEnd(128, 'x'))
  })

  test('is left out where nothing of it can be seen', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add(graphqlError('Your trial has expired', { code: ' ', traceId: '\u200b\n' }))
    await rejection(provider.list(), { providerCode: undefined, requestId: undefined })
  })

  test('loses a credential in ids, names, URLs and regions', async (t) => {
    const { provider, server, world, owner, ownerId, apiKey } = await withRender(t)
    const { id } = world.addService(owner)
    const service = {
      id,
      ownerId,
      name: `box-${apiKey}`,
      type: 'web_service',
      createdAt: apiKey,
      suspended: 'not_suspended',
      serviceDetails: { region: apiKey, plan: encodeURIComponent(apiKey), url: `https://${apiKey}.example.com/?a=b` },
    }
    const headers = { 'content-type': 'application/json' }
    const answer = (body) => ({ kind: 'respond', status: 200, headers, body: JSON.stringify(body) })
    server.faults.add({ ...answer(service), when: 'retrieveService' })
    server.faults.add({ ...answer([{ cursor: 'c', service }]), when: 'listServices' })
    for (const found of [await provider.getById(id), ...(await provider.list())]) {
      assertNoSecret(found)
      assert.equal(found.instance.name, 'box-[redacted]')
      assert.equal(found.instance.url, 'https://[redacted].example.com/?a=b')
    }
  })
})

describe('texts that hide or turn others', () => {
  const HIDDEN = '\u202e\u2066\u200b\u200d\ufeff\u00ad\u{e0041}'

  test('are removed from a provider’s texts', async (t) => {
    const { provider, server } = await withRailway(t)
    server.faults.add(graphqlError(`Your trial${HIDDEN} has ${HIDDEN} expi${HIDDEN}red\u2028now`))
    const { message } = await rejection(provider.list())
    assert.equal(message, 'Failed to list Railway instances: Your trial has expired now')
  })

  test('are taken out of the name of a variable, which is cut', async (t) => {
    const { provider } = await withRailway(t)
    const name = `A${HIDDEN}\u001b[31m\n${'x'.repeat(1_000_000)}`
    const { message } = await rejection(provider.create({ envs: { [name]: 5 } }), { code: 'INVALID_ARGUMENT' })
    assert.match(message, /^Failed to create Railway instance: options\.envs\.A \[31m x+… must be a string, not a number\.$/)
    assert.ok(message.length < 300)
    const reference = { [name]: '${{ other.SECRET }}' }
    const refused = await rejection(provider.create({ envs: reference }), { code: 'INVALID_ARGUMENT' })
    assert.match(refused.message, /The variable A \[31m x+… holds/)
    const clash = { daemonConfig: { accessToken: ACCESS_TOKEN }, envs: { COMPUTESDK_ACCESS_TOKEN: canary('other') } }
    await rejection(provider.create(clash), { message: /The variable COMPUTESDK_ACCESS_TOKEN contradicts/ })
  })
})
