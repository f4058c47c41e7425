// Responses that drift: of each recorded success, each field that is information takes each type, in all four operations.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { UNLIMITED } from './servers/render/index.mjs'
import { MISSING, NEEDED, pathsOf, VALUES, withValue } from './support/drift.mjs'
import { PROVIDERS, withEntry } from './support/providers.mjs'

for (const [name, entry] of Object.entries(PROVIDERS)) {
  describe(`${name}: information of any type changes nothing`, () => {
    const image = entry.image ?? 'acme/box:1'
    const operations = {
      create: {
        prepare: () => undefined,
        run: ({ provider }) => provider.create({ image }),
        check: ({ existing }, { instanceId }) => assert.ok(existing().includes(instanceId)),
        finish: ({ provider }, { instanceId }) => provider.destroy(instanceId),
      },
      getById: {
        prepare: ({ addOther }) => addOther(),
        run: ({ provider }, id) => provider.getById(id),
        check: (fixture, found, id) => assert.equal(found.instanceId, id),
        finish: ({ provider }, found, id) => provider.destroy(id),
      },
      list: {
        prepare: ({ addOther }) => addOther(),
        run: ({ provider }) => provider.list(),
        check: (fixture, listed, id) => assert.ok(listed.some(({ instanceId }) => instanceId === id)),
        finish: ({ provider }, listed, id) => provider.destroy(id),
      },
      destroy: {
        prepare: ({ addOther }) => addOther(),
        run: ({ provider }, id) => provider.destroy(id),
        check: ({ existing }, result, id) => assert.ok(!existing().includes(id)),
        finish: () => undefined,
      },
    }

    for (const [operation, { prepare, run, check, finish }] of Object.entries(operations)) {
      test(`in ${operation}`, async (t) => {
        const bench = await withEntry(t, entry)
        const { server } = bench
        if (server.settings.limits) server.settings.limits = UNLIMITED

        /** Runs the operation with each response passed through `change`, which gets its number and its body. */
        const runWith = async (change) => {
          const id = prepare(bench)
          let number = 0
          server.faults.add({ kind: 'replace', times: Infinity, map: (json) => change(number++, json) })
          const result = await run(bench, id)
          server.faults.clear()
          check(bench, result, id)
          await finish(bench, result, id)
        }

        // The first call of a provider may ask for more than the others: what it asks is remembered.
        const recorded = []
        await runWith((number, json) => json)
        await runWith((number, json) => (recorded[number] = json))
        let changes = 0
        for (const [number, body] of recorded.entries()) {
          for (const path of pathsOf(body)) {
            if (NEEDED[name].some((pattern) => pattern.test(path))) continue
            for (const value of VALUES) {
              changes += 1
              const change = (each, json) => (each === number ? withValue(json, path, value) : json)
              await runWith(change).catch((error) => {
                const shown = value === MISSING ? 'missing' : JSON.stringify(value)
                assert.fail(`response ${number}, ${path} ${shown}: ${error.message}`)
              })
            }
          }
        }
        t.diagnostic(`${changes} changed responses`)
        if (operation !== 'destroy') assert.ok(changes > 10, 'the recorded response holds information')
      })
    }
  })
}
