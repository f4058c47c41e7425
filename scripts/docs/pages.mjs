// Puts the Markdown pages where TypeDoc reads them, with a title and a place in the navigation. Draws diagrams and
// charts, and leads links to files that are no pages to the repository. The pages themselves stay as GitHub shows them.
import { readFileSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'

import { Failure } from '../lib/failure.mjs'
import { ROOT } from '../lib/paths.mjs'
import { drawSequence } from './sequence-diagram.mjs'

export const HOME = 'README.md'
const REPOSITORY = 'https://github.com/computesdk/gateway'

/** Returns the pages of a folder: those that are named here first, then the others. */
async function pagesOf(folder, first) {
  const files = (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.md') && name !== 'README.md')
  const names = new Set([...first.map((name) => `${name}.md`), ...files.sort()])
  return [...names].map((name) => `${folder}/${name}`)
}

/** The groups of the navigation with their pages, in order. */
const GROUPS = {
  'Using it': [
    'docs/providers/README.md',
    'docs/reliability.md',
    'docs/errors.md',
    'docs/observability.md',
    'docs/platforms.md',
    'docs/troubleshooting.md',
    'docs/migration-from-0.3.24.md',
    'docs/glossary.md',
    'examples/gateway-server/README.md',
  ],
  'Changing it': ['CONTRIBUTING.md', '__test__/daemon/README.md'],
  'About it': ['SECURITY.md', 'CHANGELOG.md'],
}

/** A page's own pages, which follow it. */
const CHILDREN = {
  'docs/providers/README.md': await pagesOf('docs/providers', ['railway', 'render', 'namespace', 'vercel', 'docker']),
  'CONTRIBUTING.md': await pagesOf('docs/contributing', ['architecture', 'adding-a-provider', 'testing']),
}

/** The pages that TypeDoc is to be given; it finds the others from these. */
const GIVEN = Object.values(GROUPS).flat()

/** All pages but the first, by their paths. */
export const PATHS = GIVEN.flatMap((path) => [path, ...(CHILDREN[path] ?? [])])

/** Writes the pages into a folder. @returns {Promise<string[]>} the paths of those that TypeDoc is to be given */
export async function stagePages(folder) {
  for (const path of [HOME, ...PATHS]) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, await stagePage(path))
  }
  return GIVEN.map((path) => join(folder, path))
}

async function stagePage(path) {
  const text = await readFile(join(ROOT, path), 'utf8')
  const plain = outsideCode(text, (part) => wholeNumbers(plainHeadings(part)))
  const linked = leadLinksToRepository(inlineCharts(drawDiagrams(plain, path), path), path)
  const [heading, title] = /^# (.+)\n/.exec(linked) ?? []
  if (!heading) throw new Failure(`${path} does not begin with a heading.`)
  // TypeDoc gives the first page a title of its own, with the version.
  return path === HOME ? linked.slice(heading.length) : frontMatter(path, title) + linked
}

function frontMatter(path, title) {
  const lines = [`title: ${JSON.stringify(title.replaceAll('`', ''))}`]
  const group = Object.keys(GROUPS).find((name) => GROUPS[name].includes(path))
  if (group) lines.push(`group: ${group}`)
  if (CHILDREN[path]) lines.push('children:')
  for (const child of CHILDREN[path] ?? []) lines.push(`  - ./${posix.relative(posix.dirname(path), child)}`)
  return `---\n${lines.join('\n')}\n---\n`
}

/** Returns a text in which a function has changed what is no block of code. */
function outsideCode(text, change) {
  const parts = text.split(/^(```[\s\S]*?^```$)/m)
  return parts.map((part, index) => (index % 2 === 1 ? part : change(part))).join('')
}

/** Takes the marks of code out of the headings: TypeDoc would leave the words between them out of the anchors. */
const plainHeadings = (text) => text.replace(/^#+ .*$/gm, (line) => line.replaceAll('`', ''))

/** Keeps the digits of a number on one line. */
const wholeNumbers = (text) => text.replace(/(?<=\d) (?=\d{3}\b)/g, '\u00a0')

function drawDiagrams(text, path) {
  let count = 0
  return text.replace(/^```mermaid\n([\s\S]*?)^```$/gm, (_, source, offset) => {
    count += 1
    const title = [...text.slice(0, offset).matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? path
    return figure(drawSequence(source, { id: `diagram-${count}`, title }))
  })
}

/** Puts the charts into the page, so that they follow the theme that the reader chooses. */
function inlineCharts(text, path) {
  return text.replace(/^!\[[^\]]*\]\(([^)\s]+\.svg)\)$/gm, (_, target) =>
    figure(readFileSync(join(ROOT, dirname(path), target), 'utf8').trim()),
  )
}

/** Returns HTML that Markdown leaves as it is: it ends at the first empty line. */
const figure = (svg) => `<figure class="drawing" tabindex="0">\n${svg.replace(/\n\s*\n/g, '\n')}\n</figure>`

/** Makes each link to a file that is no page of the site a link to the repository. */
function leadLinksToRepository(text, path) {
  return text.replace(/\]\((?!\w+:|#)([^()\s]+)\)/g, (link, target) => {
    const [file] = target.split('#')
    const whole = posix.join(posix.dirname(path), file)
    if ([HOME, ...PATHS].includes(whole)) return link
    if (PATHS.includes(posix.join(whole, 'README.md'))) return `](${posix.join(file, 'README.md')})`
    const isFolder = statSync(join(ROOT, whole), { throwIfNoEntry: false })?.isDirectory()
    return `](${REPOSITORY}/${isFolder ? 'tree' : 'blob'}/main/${whole})`
  })
}
