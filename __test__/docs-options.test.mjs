// The tables of the providers' pages name the fields, options, variables and channels that exist, and all of them.
import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { CHANNELS } from '@computesdk/gateway'

import { inlineCode, readPage, ROOT } from './support/markdown.mjs'

const types = (await readFile(join(ROOT, 'index.d.ts'), 'utf8')).replace(/\/\*[\s\S]*?\*\//g, '')

/** The pages, and the interfaces whose fields each describes. */
const PAGES = {
  README: ['ProviderSettings', 'SharedCreateOptions', 'NameOption', 'DaemonConfig'],
  railway: ['RailwayConfig', 'RailwayOwnOptions'],
  render: ['RenderConfig', 'RenderOwnOptions'],
  namespace: ['NamespaceConfig', 'NamespaceShape', 'NamespaceOwnOptions'],
  vercel: ['VercelConfig', 'VercelShape', 'VercelOwnOptions'],
  docker: ['DockerConfig', 'DockerOptions'],
}

/** Returns the fields of an interface, without those that it inherits. @param {string} name */
function fieldsOf(name) {
  const [, body] = new RegExp(`interface ${name}\\b[^{]*\\{\\n([^]*?)\\n\\}`).exec(types) ?? []
  assert.ok(body, `no interface ${name}`)
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, field]) => field)
}

/** Returns the words of the first cells of a page's tables whose heading says that they are fields or options. */
function documentedFields(text) {
  const fields = []
  let isTable = false
  for (const line of text.split('\n').filter((line) => !line.startsWith('|--'))) {
    const [, first] = /^\| ([^|]*) \|/.exec(line) ?? []
    if (first === undefined) isTable = false
    else if (/^(field|option)\b/.test(first)) isTable = true
    else if (isTable) fields.push(...inlineCode(first).flatMap((name) => name.split('.')))
  }
  return fields
}

/** Returns the variables of the environment that the sources of a provider name. @param {string} provider */
async function variablesOf(provider) {
  const folder = join(ROOT, 'src', 'providers', provider)
  const files = (await readdir(folder)).filter((name) => name.endsWith('.rs') && name !== 'tests.rs')
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  const prefix = provider === 'namespace' ? 'NSC' : provider.toUpperCase()
  const names = texts.join('\n').matchAll(new RegExp(`"(${prefix}_[A-Z_]+)"`, 'g'))
  return [...new Set([...names].map(([, name]) => name))]
}

describe('The options of the documents', () => {
  for (const [page, interfaces] of Object.entries(PAGES)) {
    test(`docs/providers/${page}.md names every field and option, and no other`, async () => {
      const { text } = await readPage(`docs/providers/${page}.md`)
      const documented = new Set(documentedFields(text))
      const known = interfaces.flatMap(fieldsOf)
      assert.deepEqual(known.filter((field) => !documented.has(field)), [], 'are not documented')
      const isInstanceField = (field) => page === 'README' && ['status', 'managed', 'createdAt', 'url'].includes(field)
      const isShared = (field) => fieldsOf('ProviderSettings').includes(field) || ['signal', 'idempotencyKey'].includes(field)
      const isKnown = (field) => known.includes(field) || isShared(field) || isInstanceField(field)
      assert.deepEqual([...documented].filter((field) => !isKnown(field)), [], 'do not exist')
    })

    if (page === 'README') continue
    test(`docs/providers/${page}.md names every variable of its sources, and no other`, async () => {
      const { text } = await readPage(`docs/providers/${page}.md`)
      const variables = await variablesOf(page)
      const named = new Set(inlineCode(text).flatMap((code) => code.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []))
      assert.deepEqual(variables.filter((name) => !named.has(name)), [])
      const prefix = variables[0].split('_')[0]
      assert.deepEqual([...named].filter((name) => name.startsWith(`${prefix}_`) && !variables.includes(name)), [])
    })
  }

  test('docs/observability.md names every channel', async () => {
    const { text } = await readPage('docs/observability.md')
    const named = inlineCode(text).join(' ')
    const missing = Object.keys(CHANNELS).filter((name) => !named.includes(`CHANNELS.${name}`) && !named.includes(`.${name}`))
    assert.deepEqual(missing, [])
  })
})
