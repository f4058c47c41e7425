// A newcomer reads the README, the glossary, the architecture and a provider's page. Every capitalised or code-quoted word
// of these pages is in the glossary or the types, names a file or a script, is in the sources that the page describes, or is
// a common word of the list below.
import assert from 'node:assert/strict'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { inlineCode, readPage, readPages, ROOT, withoutCode } from './support/markdown.mjs'

/** The pages, and the folder of the sources that each describes. */
const PAGES = {
  'README.md': undefined,
  'docs/glossary.md': undefined,
  'docs/contributing/architecture.md': 'src',
  'docs/providers/railway.md': 'src/providers/railway',
}

/** Names and abbreviations that readers of these pages know, or can look up anywhere. */
const COMMON = new Set(
  `Admin API CHANGELOG CommonJS ESM JavaScript LICENSE MB md Member OAuth Podman PostgreSQL Pro Rust TypeScript
  Yarn`.split(/\s+/),
)

/** Code that is JavaScript's, Node's or npm's own, or stands on the wire of HTTP. */
const COMMON_CODE = new Set(['await', 'link', 'npm', 'onabort', 'RateLimit', 'real', 'require', 'run', 'true', 'us', 'west2'])

/** The words of the two lists that a page has needed. */
const needed = new Set()

const has = (list, word) => list.has(word) && Boolean(needed.add(word))

const isFile = (path) => stat(join(ROOT, path)).then(() => true, () => false)

/** Returns the words of a text that may be names. @param {string} text */
const wordsOf = (text) => text.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? []

async function sourcesBelow(folder) {
  const entries = await readdir(join(ROOT, folder), { recursive: true })
  const files = entries.filter((name) => /\.(rs|js)$/.test(name))
  const texts = await Promise.all(files.map((name) => readFile(join(ROOT, folder, name), 'utf8')))
  const names = entries.flatMap((name) => name.split(/[\\/]/)).flatMap(wordsOf)
  return new Set([...names, ...texts.flatMap(wordsOf)])
}

/** Returns the words of the glossary's terms, and the code that it names. */
async function glossary() {
  const { text } = await readPage('docs/glossary.md')
  const terms = [...text.matchAll(/^\| ([^|]+) \|/gm)].map(([, term]) => term)
  return new Set([...terms, ...inlineCode(text)].flatMap(wordsOf))
}

/** Returns the names and literals of the types, without their comments. */
async function types() {
  const text = await readFile(join(ROOT, 'index.d.ts'), 'utf8')
  return new Set(wordsOf(text.replace(/\/\*[\s\S]*?\*\//g, '')))
}

async function scripts() {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  return new Set(Object.keys(scripts).flatMap(wordsOf))
}

/** Returns a page's text without the list of its sources, which are others' words. */
const ownWords = (text) => text.replace(/^## Sources$[\s\S]*?(?=^## |$(?![\s\S]))/m, '').replace(/^\[[^\]]+\]: .*$/gm, '')

/** Returns the capitalised words that do not begin a sentence, a cell, an entry or a heading. @param {string} text */
function capitalised(text) {
  const plain = withoutCode(ownWords(text))
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/https?:\S+/g, '')
    .replace(/^#+ .*$/gm, '')
    .replace(/"[^"]*"/g, '""')
  const words = []
  for (const paragraph of plain.split(/\n\s*\n|\n(?=\s*(?:- |\d+\. |\|))|\|/)) {
    const body = paragraph.replace(/\s+/g, ' ').replace(/^[\s\-*[\d.]+/, '')
    for (const { 0: word, index } of body.matchAll(/(?<![\w@/.-])[A-Z][\w.]*\w|(?<![\w@/.-])[A-Z]\b/g)) {
      const before = body.slice(0, index).replace(/[*[(]+$/, '')
      const beginsASentence = before.trim() === '' || /[.!?:]["*)\]]*\s*["*[(]*$/.test(before)
      if (!beginsASentence) words.push(word)
    }
  }
  return words
}

for (const [path, folder] of Object.entries(PAGES)) {
  test(`${path} has no term that the glossary and the types leave undefined`, async () => {
    const { text } = await readPage(path)
    const sources = folder ? await sourcesBelow(folder) : new Set()
    const known = [await glossary(), await types(), await scripts(), sources]
    const isDefined = (word) => known.some((words) => words.has(word) || words.has(word.toLowerCase()))
    const isKnown = (word) => isDefined(word) || has(COMMON, word)

    const unknown = new Set(capitalised(text).filter((word) => !word.replace(/\.js$/, '').split('.').every(isKnown)))
    for (const code of inlineCode(ownWords(text))) {
      const candidates = [code, `src/${code}`, `src/${code}`.replace('*', 'railway'), code.replace('*', 'railway')]
      if ((await Promise.all(candidates.map(isFile))).includes(true)) continue
      // What stands in quotation marks or after an equals sign is an example of a value.
      const names = wordsOf(code.replace(/'[^']*'|"[^"]*"|\$\{\{.*?\}\}/g, ''))
      for (const name of names) {
        if (!isKnown(name) && !has(COMMON_CODE, name)) unknown.add(`\`${code}\`: ${name}`)
      }
    }
    assert.deepEqual([...unknown], [])
  })
}

test('every common word of the lists is needed', () => {
  assert.deepEqual([...COMMON, ...COMMON_CODE].filter((word) => !needed.has(word)).join(' '), '')
})

test('the terms of the glossary are sorted, and no term is defined twice', async () => {
  const { text } = await readPage('docs/glossary.md')
  const terms = [...text.matchAll(/^\| ([^|]+) \|/gm)].map(([, term]) => term).slice(1)
  assert.deepEqual(terms, [...new Set(terms)].sort((one, other) => one.localeCompare(other)))
})

/** Words that name no actor, or that are older names of a term. What replaces them stands in the glossary. */
const REPLACED = new RegExp(
  `\\b(${[
    'whoever|nobody|somebody|anybody|in vain|belatedly|all the same|on its way out',
    'stand-ins?|test servers?|guilty|contestants?|way back|straggler',
  ].join('|')})\\b`,
  'gi',
)

test('no page uses a word that names no actor, or that a term of the glossary has replaced', async () => {
  const found = []
  for (const { path, text } of await readPages()) {
    for (const [word] of withoutCode(text).matchAll(REPLACED)) found.push(`${path}: ${word}`)
  }
  assert.deepEqual(found, [])
})
