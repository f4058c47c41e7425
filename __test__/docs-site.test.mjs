// The site that `npm run docs` builds: what its parts draw, refuse and find. docs-commands.test.mjs builds the site.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, test } from 'node:test'

import { faultsOfSite } from '../scripts/docs/check-site.mjs'
import { HOME, PATHS, stagePages } from '../scripts/docs/pages.mjs'
import { drawSequence } from '../scripts/docs/sequence-diagram.mjs'
import { drawSettleTimes } from '../scripts/docs/settle-times.mjs'
import { drawSpeed } from '../scripts/docs/speed.mjs'
import { inNewFolder } from '../scripts/lib/files.mjs'
import { readPages } from './support/markdown.mjs'

const NAMES = { id: 'diagram-1', title: 'The life of a create' }

test('each page of the repository is a page of the site', async () => {
  const pages = (await readPages()).map(({ path }) => path).filter((path) => !path.startsWith('npm/'))
  assert.deepEqual([HOME, ...PATHS].sort(), pages.sort())
})

test('a staged page has a title and drawings, and links to the repository where a file is no page', async () => {
  await inNewFolder('docs', async (folder) => {
    await stagePages(folder)
    const architecture = await readFile(join(folder, 'docs/contributing/architecture.md'), 'utf8')
    assert.match(architecture, /^---\ntitle: "Architecture"\n/)
    assert.match(architecture, /<figure class="drawing" tabindex="0">\n<svg class="sequence"/)
    assert.doesNotMatch(architecture, /```mermaid/)
    const performance = await readFile(join(folder, 'docs/contributing/performance.md'), 'utf8')
    assert.match(performance, /<svg class="chart speed"/)
    const home = await readFile(join(folder, HOME), 'utf8')
    assert.match(home, /\]\(examples\/gateway-server\/README\.md\)/)
    assert.match(home, /\]\(https:\/\/github\.com\/computesdk\/gateway\/blob\/main\/LICENSE\)/)
  })
})

describe('A sequence diagram', () => {
  const participants = ['participant a as Caller', 'participant b']
  const source = ['sequenceDiagram', ...participants, 'a->>b: ask <now>', 'b--xa: lost', 'Note over a,b: done']

  it('is drawn as text, with a title and a description in sentences', () => {
    const svg = drawSequence(source.join('\n'), NAMES)
    assert.match(svg, /<title id="diagram-1-title">The life of a create<\/title>/)
    assert.match(svg, /<desc id="diagram-1-desc">Caller to b: ask &lt;now&gt;\. b to Caller: lost\. done\.<\/desc>/)
    assert.match(svg, /<text class="label"[^>]*>ask &lt;now&gt;<\/text>/)
    assert.equal(svg.match(/marker-end/g).length, 1, 'a lost message has no head')
    assert.doesNotMatch(svg, /NaN|undefined/)
  })

  for (const line of ['loop every tick', 'a->>c: to no participant', 'a=>b: thick']) {
    it(`that holds "${line}" is refused`, () => {
      assert.throws(() => drawSequence([...source, line].join('\n'), NAMES), /diagram/)
    })
  }

  it('of another kind is refused', () => {
    assert.throws(() => drawSequence('flowchart LR', NAMES), /flowchart/)
  })
})

describe('The chart of the speed', () => {
  const sample = (perSecond) => [{ perSecond }, { perSecond: perSecond * 2 }]
  const programs = { gateway: '1.2.3', node: 'v20', undici: '7' }
  const machine = { date: '2026-01-02T03:04:05Z', ...programs, cpu: 'a  processor', system: 'linux x64' }
  const samples = {
    'create 16': { undici: sample(1000), addon: sample(1500), bare: sample(4000) },
    'list of 100': { undici: sample(100), fetch: sample(50) },
    memory: { undici: [{ rssMebibytes: 9 }], addon: [{ rssMebibytes: 8 }] },
  }

  it('has a bar for each candidate that a step has measured, over undici', () => {
    const svg = drawSpeed({ machine, quick: false, rounds: 2, samples })
    const create = 'create, 16 abreast: this package 1.50 (2 250/s), undici 1.00 (1 500/s), bare hyper 4.00 (6 000/s).'
    assert.ok(svg.replaceAll('\u00a0', ' ').includes(create), svg)
    assert.match(svg, /list of 100: undici 1\.00 \(150\/s\), fetch 0\.50 \(75\/s\)\./)
    assert.doesNotMatch(svg, /memory|NaN|undefined/)
    assert.match(svg, /Medians of 2 rounds, 2026-01-02: gateway 1\.2\.3/)
  })

  it('is refused without a step that counts calls', () => {
    assert.throws(() => drawSpeed({ machine, rounds: 1, samples: { memory: samples.memory } }), /no step/)
  })
})

describe('The chart of the settle times', () => {
  const entry = { provider: 'railway', p50: 0.25, p99: 21, max: 24.9 }

  it('has the three times of each provider, and the outcomes', () => {
    const svg = drawSettleTimes({ settleTimes: [entry], outcomes: { created: 12345, OUTCOME_UNKNOWN: 1 } })
    assert.match(svg, /railway: p50 0\.3 s, p99 21\.0 s, max 24\.9 s\./)
    assert.match(svg, /created 12\u00a0345, OUTCOME_UNKNOWN 1\./)
  })

  it('takes the times alone', () => assert.match(drawSettleTimes([entry]), /max 24\.9 s/))

  it('names the time that is missing', () => {
    assert.throws(() => drawSettleTimes([{ ...entry, p99: undefined }]), /railway has no p99/)
    assert.throws(() => drawSettleTimes({}), /no settle times/)
  })
})

test('the check of a site finds links that lead nowhere, and what is loaded from elsewhere', async () => {
  await inNewFolder('docs', async (folder) => {
    await writeFile(join(folder, 'style.css'), '@import "https://a.example/x.css"; p { background: url(//b.example/y) }')
    await writeFile(join(folder, 'other.html'), '<h1 id="here">Here</h1>')
    const good = '<a href="other.html#here">1</a><a href="https://c.example/">2</a><a href="#a">3</a><p id="a">'
    const bad = '<a href="other.html#there">4</a><a href="no.html">5</a><script src="//d.example/z.js">'
    await writeFile(join(folder, 'index.html'), good + bad)
    const { pages, faults } = await faultsOfSite(folder)
    assert.equal(pages, 2)
    assert.deepEqual(faults, [
      'index.html: other.html#there: no such anchor',
      'index.html: no.html: no such file',
      'index.html: loads //d.example/z.js',
      'style.css: loads https://a.example/x.css',
      'style.css: loads //b.example/y',
    ])
  })
})
