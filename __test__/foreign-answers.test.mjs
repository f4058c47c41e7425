// Answers that tell of something else than what was asked for: it is neither handed out nor deleted.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createOptions, PROVIDERS, withEntry } from './support/providers.mjs'
import { rejection } from './support/rejection.mjs'
import { withVercel } from './support/vercel.mjs'

/** The operations of each server that create, read, list and find, and where their answers hold an instance. */
const ANSWERS = {
  railway: {
    create: { operation: 'serviceCreate', at: (json) => json.data.serviceCreate },
    read: { operation: 'serviceInstance', at: (json) => json.data.serviceInstance },
    list: { operation: 'environment', all: (json) => json.data.environment.serviceInstances.edges.map(({ node }) => node) },
    idField: (entry) => ('serviceId' in entry ? 'serviceId' : 'id'),
    names: (entry, name) => (entry.name = name),
    moves: (entry) => (entry.projectId = '7f9a4b1e-1234-4abc-9def-0123456789ab'),
  },
  render: {
    create: { operation: 'createService', at: (json) => json.service },
    read: { operation: 'retrieveService', at: (json) => json },
    list: { operation: 'listServices', all: (json) => json.map(({ service }) => service) },
    idField: () => 'id',
    names: (entry, name) => (entry.name = name),
    moves: (entry) => (entry.ownerId = 'tea-00000000000000000000'),
  },
  namespace: {
    create: { operation: 'CreateInstance', at: (json) => json.metadata },
    read: { operation: 'DescribeInstance', at: (json) => json.metadata },
    list: { operation: 'ListInstances', all: (json) => json.instances },
    idField: () => 'instanceId',
    names: (entry, name) => (entry.labels = [{ name: 'computesdk.name', value: name }]),
  },
  vercel: {
    create: { operation: 'createSandbox', at: (json) => json.sandbox },
    read: { operation: 'getSandbox', at: (json) => json.sandbox },
    list: { operation: 'listSandboxes', all: (json) => json.sandboxes },
    idField: () => 'name',
    names: (entry, name) => (entry.name = name),
  },
}

for (const [provider, entry] of Object.entries(PROVIDERS)) {
  const { create, read, list, idField, names, moves } = ANSWERS[provider]
  const image = entry.image ?? 'acme/box:1'
  const withFixture = (t) => withEntry(t, entry)
  const replace = (server, { operation, at, all }, change, times = 1) =>
    server.faults.add({
      kind: 'replace',
      when: operation,
      times,
      map(json) {
        for (const found of at ? [at(json)] : all(json)) change(found)
        return json
      },
    })

  describe(`${provider}: an answer about something else`, () => {
    /** What the answer to a create may say instead of the truth. */
    const wrongAnswers = {
      'names another resource': (found, other) => {
        found[idField(found)] = other
        names(found, 'production-db')
      },
      ...(provider === 'vercel' ? {} : { 'has another name': (found) => names(found, 'production-db') }),
      ...(moves && { 'is of another place': moves }),
      ...Object.fromEntries(
        ['..', 'x\r\ny', 'x/y', '', entry.badIds[0]].map((id) => [
          `has the id ${JSON.stringify(id)}`,
          (found) => (found[idField(found)] = id),
        ]),
      ),
    }
    for (const [title, change] of Object.entries(wrongAnswers)) {
      test(`to a create that ${title} is looked up`, async (t) => {
        const { server, provider, existing, addOther } = await withFixture(t)
        const other = addOther()
        replace(server, create, (found) => change(found, other))
        const { instanceId } = await provider.create({ image })
        assert.notEqual(instanceId, other)
        assert.deepEqual(existing().toSorted(), [instanceId, other].toSorted(), 'one was made')
      })
    }

    test('to a create whose start fails has nothing of it deleted', async (t) => {
      const { server, provider, existing, addForeign, plan } = await withFixture(t)
      const other = addForeign()
      plan('fails')
      replace(server, create, (found) => wrongAnswers['names another resource'](found, other))
      await rejection(provider.create({ image, waitUntilReady: true }), { code: 'PROVISION_FAILED' })
      assert.deepEqual(existing(), [other])
    })

    test('to getById rejects', async (t) => {
      const { server, provider, addOther } = await withFixture(t)
      const [one, other] = [addOther(), addOther()]
      replace(server, read, (found) => (found[idField(found)] = other))
      await rejection(provider.getById(one), { code: 'PROTOCOL' })
      assert.equal((await provider.getById(one)).instanceId, one)
    })

    test('in a list is left out, if getById would refuse its id', async (t) => {
      const { server, provider, addOther } = await withFixture(t)
      const [one, other] = [addOther(), addOther()]
      const spoil = (found) => found[idField(found)] === other && (found[idField(found)] = '../x')
      replace(server, list, spoil)
      assert.deepEqual(
        (await provider.list()).map(({ instanceId }) => instanceId),
        [one],
      )
    })
  })
}

describe('an id that would not stand as one segment of a URL', () => {
  for (const id of ['.', '..', '\t', '.\n.', 'a\r\nb', '', 'a/b', '../services', '..\\x']) {
    test(`is sent in none: ${JSON.stringify(id)}`, async (t) => {
      const { server, provider, sandboxes, asked } = await withVercel(t)
      const map = (json) => ({
        ...json,
        sandbox: { ...json.sandbox, status: 'running', currentSessionId: id },
        session: { ...json.session, id },
      })
      server.faults.add({ kind: 'replace', when: 'createSandbox', map })
      const { daemonConfig } = createOptions({})
      await rejection(provider.create({ daemonConfig }), { code: 'PROTOCOL', message: /removed again/ })
      assert.deepEqual(asked(), ['createSandbox', 'deleteSandbox'])
      assert.equal(sandboxes().length, 0)
    })
  }
})
