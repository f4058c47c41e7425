// Links, anchors and lengths of the documents.
import assert from 'node:assert/strict'
import { readFile, readdir, stat } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

import { linksOf, readPage, readPages, ROOT } from './support/markdown.mjs'

/** The most lines of the pages that have to stay short. */
const LIMITS = { 'README.md': 130, 'docs/reliability.md': 160, 'docs/errors.md': 120 }

/** Folders and files whose comments and texts name pages. */
const SOURCES = ['src', 'scripts', '__test__', 'examples', 'bench', '.ci', '.github', 'dts-header.d.ts', 'index.d.ts']

/** Stands for a page at the root, from which the sources name pages. */
const ROOT_PAGE = 'README.md'

const exists = (path) => stat(join(ROOT, path)).then(() => true, () => false)

/** Returns what is wrong with a link of a page; nothing if it leads somewhere. */
async function faultOf(target, page) {
  if (/^(https?|mailto):/.test(target)) return URL.canParse(target) ? undefined : 'no URL'
  const [path, anchor] = target.split('#')
  const file = path === '' ? page : normalize(join(dirname(page), path)).replaceAll('\\', '/')
  if (!(await exists(file))) return 'no such file'
  if (anchor === undefined) return undefined
  if (!file.endsWith('.md')) return 'an anchor of a file that has none'
  return (await readPage(file)).anchors.has(anchor) ? undefined : 'no such heading'
}

async function filesBelow(path) {
  const { isDirectory } = await stat(join(ROOT, path)).then((entry) => ({ isDirectory: entry.isDirectory() }))
  if (!isDirectory) return [path]
  const entries = await readdir(join(ROOT, path), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /\.(rs|[cm]?[jt]s|d\.ts|yaml|yml)$|^[^.]+$/.test(entry.name))
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(ROOT.length + 1))
  return paths.map((file) => file.replaceAll('\\', '/')).filter((file) => !/node_modules|(^|\/)target\//.test(file))
}

test('every link of every page leads to a file and a heading that exist', async () => {
  const faults = []
  for (const { path, text } of await readPages()) {
    const { targets, undefinedReferences, unusedDefinitions } = linksOf(text)
    for (const target of targets) {
      const fault = await faultOf(target, path)
      if (fault) faults.push(`${path}: ${target}: ${fault}`)
    }
    for (const name of undefinedReferences) faults.push(`${path}: [${name}]: no such reference`)
    for (const name of unusedDefinitions) faults.push(`${path}: [${name}]: is not used`)
  }
  assert.deepEqual(faults, [])
})

test('every page that the sources name exists, with its heading', async () => {
  const faults = []
  for (const source of (await Promise.all(SOURCES.map(filesBelow))).flat()) {
    const text = await readFile(join(ROOT, source), 'utf8')
    for (const [reference] of text.matchAll(/\bdocs\/[\w/.-]+\.md(#[\w-]+)?|\b[A-Z]+\.md(#[\w-]+)?/g)) {
      const places = reference.startsWith('docs/') ? [ROOT_PAGE] : [ROOT_PAGE, source]
      const [fault, another = fault] = await Promise.all(places.map((place) => faultOf(reference, place)))
      if (fault && another) faults.push(`${source}: ${reference}: ${fault}`)
    }
  }
  assert.deepEqual(faults, [])
})

test('every document is linked from another page', async () => {
  const pages = await readPages()
  const linked = new Set()
  for (const { path, text } of pages) {
    for (const target of linksOf(text).targets) {
      const file = normalize(join(dirname(path), target.split('#')[0])).replaceAll('\\', '/')
      if (file !== path) linked.add(file)
    }
  }
  const lost = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !linked.has(path))
  assert.deepEqual(lost, [])
})

for (const [path, limit] of Object.entries(LIMITS)) {
  test(`${path} has at most ${limit} lines`, async () => {
    const lines = (await readFile(join(ROOT, path), 'utf8')).trimEnd().split('\n').length
    assert.ok(lines <= limit, `${lines} lines`)
  })
}
