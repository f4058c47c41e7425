// The figures and the tables of errors in the documents are those of the sources.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { inlineCode, readPage, ROOT } from './support/markdown.mjs'

const read = (path) => readFile(join(ROOT, path), 'utf8')

/** Returns a code as errors show it, from its name in Rust. @param {string} name */
const shown = (name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()

test('docs/errors.md has a row for each code of the types, and for no other', async () => {
  const [, union] = /type GatewayErrorCode =\n((?: +\| '\w+'\n)+)/.exec(await read('index.d.ts'))
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  const { text } = await readPage('docs/errors.md')
  const rows = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)
  assert.deepEqual([...new Set(rows)], codes)
})

test('docs/providers/railway.md has a row for each text and code that Railway answers, with our code', async () => {
  const source = await read('src/providers/railway/errors.rs')
  const table = source.matchAll(/\(\s*(?:"([^"]+)"|TWO_FACTOR),\s*ErrorCode::(\w+),\s*Outcome::\w+,?\s*\)/g)
  const [, twoFactor] = /TWO_FACTOR: &str = "([^"]+)"/.exec(source)
  const expected = [...table].map(([, words = twoFactor, code]) => `${words}: ${shown(code)}`)
  assert.ok(expected.length > 30, `${expected.length} rows`)

  const { text } = await readPage('docs/providers/railway.md')
  const rows = [...text.matchAll(/^\| ([^|]+) \| `([A-Z_]+)`[^|]* \|/gm)]
  const documented = rows.flatMap(([, words, code]) => inlineCode(words).map((word) => `${word}: ${code}`))
  assert.deepEqual(expected.filter((row) => !documented.includes(row)), [])
})

for (const provider of ['railway', 'render', 'namespace', 'vercel', 'docker']) {
  test(`docs/providers/${provider}.md has the figures of its semantics`, async () => {
    const source = await read(`src/providers/${provider}/semantics.rs`)
    const { text } = await readPage(`docs/providers/${provider}.md`)
    for (const name of ['visibility_lag', 'absence_window']) {
      const [, seconds = '0'] = new RegExp(`${name}: Duration::(?:from_secs\\((\\d+)\\)|ZERO)`).exec(source)
      assert.ok(text.includes(`| ${name.replace('_', ' ')} | ${seconds} s |`), name)
    }
  })
}
