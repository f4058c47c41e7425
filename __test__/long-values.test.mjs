// Values that cannot be sent: too long for a URL, or no name of a host. They are the caller's mistake, not a fault of ours.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { namespace, railway, render, vercel } from '@computesdk/gateway'

import { canary } from './support/canary.mjs'
import { setEnvironment } from './support/environment.mjs'
import { PROVIDERS, withEntry } from './support/providers.mjs'
import { rejection, thrown } from './support/rejection.mjs'

const LENGTHS = [3_000, 70_000, 1_000_000]

describe('a base URL', () => {
  for (const [name, make] of Object.entries({ namespace, railway, render, vercel })) {
    test(`that is too long, or has a host that is none: ${name}`, () => {
      const urls = [
        ...LENGTHS.map((length) => `https://example.com/${'x'.repeat(length)}`),
        ...LENGTHS.map((length) => `https://${'x'.repeat(length)}.example.com`),
        `https://example.com/${'ü'.repeat(700)}`,
        `https://${'x.'.repeat(200)}com`,
        'https://xn--',
        'https://a{b}.example.com',
        'https://a"b.example.com',
        'https://a`b.example.com',
      ]
      for (const baseUrl of urls) {
        thrown(() => make({ baseUrl }), { code: 'INVALID_CONFIG', message: /config\.baseUrl must/ })
      }
    })
  }

  test('of NSC_ENDPOINT', async (t) => {
    const provider = namespace({ token: canary('token') })
    for (const endpoint of [`https://example.com/${'x'.repeat(70_000)}`, 'xn--', 'a{b}.example.com']) {
      setEnvironment(t, { NSC_ENDPOINT: endpoint })
      await rejection(provider.list(), { code: 'INVALID_CONFIG', message: /^NSC_ENDPOINT must/ })
    }
  })
})

test('a region that is no label of a host name', async () => {
  for (const region of ['xn--', 'xn--99999999', '-', '-us', 'us-', 'x'.repeat(64), 'x'.repeat(70_000)]) {
    thrown(() => namespace({ region }), { code: 'INVALID_CONFIG', message: /config\.region must be/ })
  }
  for (const region of ['us', 'eu-1', 'x'.repeat(63), 'xn--mnchen-3ya']) namespace({ region })
})

describe('before any request, with a value that is too long:', () => {
  for (const [name, entry] of Object.entries(PROVIDERS)) {
    test(`name and instanceId, at ${name}`, async (t) => {
      const { provider, server } = await withEntry(t, entry)
      for (const length of LENGTHS) {
        const text = 'x'.repeat(length)
        await rejection(provider.create({ name: text }), { code: 'INVALID_ARGUMENT', message: /options\.name must/ })
        for (const id of [text, `${entry.absentId}${text}`]) {
          await rejection(provider.getById(id), { code: 'INVALID_ARGUMENT', message: /instanceId must/ })
          await rejection(provider.destroy(id), { code: 'INVALID_ARGUMENT', message: /instanceId must/ })
        }
      }
      assert.equal(server.requests.length, 0)
    })
  }

  test('other parts of a URL', async (t) => {
    for (const length of LENGTHS) {
      const text = 'x'.repeat(length)
      thrown(() => render({ ownerId: text }), { code: 'INVALID_CONFIG', message: /config\.ownerId must/ })
      for (const field of ['teamId', 'projectId']) {
        const message = new RegExp(`config\\.${field} must`)
        thrown(() => vercel({ [field]: text }), { code: 'INVALID_CONFIG', message })
      }
      const baseUrl = 'http://127.0.0.1:1'
      const variables = {
        RENDER_OWNER_ID: render({ apiKey: canary('key'), baseUrl }),
        VERCEL_TEAM_ID: vercel({ token: canary('token'), projectId: 'p', baseUrl }),
        VERCEL_PROJECT_ID: vercel({ token: canary('token'), teamId: 't', baseUrl }),
      }
      for (const [variable, provider] of Object.entries(variables)) {
        setEnvironment(t, { [variable]: text })
        await rejection(provider.list(), { code: 'INVALID_CONFIG', message: new RegExp(`^${variable}\\b.* must`) })
      }
    }
  })
})
