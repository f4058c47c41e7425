// Reads the repository's Markdown: pages, headings, links, code blocks and inline code.
import { readFile, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Folders that hold pages. The root itself is read without its folders. */
const FOLDERS = ['docs', 'examples', 'npm', '__test__']

/**
 * @typedef {object} Block a fenced block of code
 * @property {string} language
 * @property {string} text
 * @property {number} line of its first line of text, from 1
 *
 * @typedef {object} Page
 * @property {string} path from the root, such as `docs/errors.md`
 * @property {string} text without the blocks of code: their lines are empty
 * @property {Block[]} blocks
 * @property {Set<string>} anchors of the headings, as GitHub makes them
 */

/** Returns all pages. @returns {Promise<Page[]>} */
export async function readPages() {
  const paths = (await readdir(ROOT)).filter((name) => name.endsWith('.md'))
  for (const folder of FOLDERS) {
    const entries = await readdir(join(ROOT, folder), { recursive: true }).catch(() => [])
    paths.push(...entries.filter((name) => name.endsWith('.md')).map((name) => join(folder, name)))
  }
  const own = paths.map((path) => path.replaceAll('\\', '/')).filter((path) => !path.includes('node_modules'))
  return Promise.all(own.sort().map(readPage))
}

/** Returns one page. @param {string} path @returns {Promise<Page>} */
export async function readPage(path) {
  const blocks = []
  const lines = []
  let block
  for (const [index, line] of (await readFile(join(ROOT, path), 'utf8')).split('\n').entries()) {
    const fence = /^\s*```(\S*)/.exec(line)
    if (fence && block) {
      blocks.push({ language: block.language, text: block.lines.join('\n'), line: block.line })
      block = undefined
    } else if (fence) {
      block = { language: fence[1], lines: [], line: index + 2 }
    } else if (block) {
      block.lines.push(line)
    }
    lines.push(fence || block ? '' : line)
  }
  if (block) throw new Error(`${path}: a block of code has no end`)
  const text = lines.join('\n')
  return { path, text, blocks, anchors: anchorsOf(text) }
}

/** Returns the anchors of a page's headings. @param {string} text */
function anchorsOf(text) {
  const anchors = new Set()
  for (const [, heading] of text.matchAll(/^#{1,6} +(.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
    const plain = words.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    let anchor = plain
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${plain}-${again}`
    anchors.add(anchor)
  }
  return anchors
}

/** Returns inline code, without the backquotes. @param {string} text */
export const inlineCode = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code.replace(/\s+/g, ' '))

/** Returns a text without its inline code. @param {string} text */
export const withoutCode = (text) => text.replace(/`[^`]*`/g, '``')

/** Returns the targets of a page's links, and the references that lead nowhere. @param {string} text */
export function linksOf(text) {
  const plain = withoutCode(text)
  const definitions = new Map([...text.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, name, target]) => [name, target]))
  const targets = [...plain.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target)
  // A heading of the change log is in brackets, too, and has a definition once its version is released.
  const references = plain.replace(/^#.*$/gm, '').matchAll(/\[([^\]\n]+)\](?:\[([^\]\n]+)\])?(?![:(\w])/g)
  const used = [...references].map(([, words, name]) => name ?? words)
  const inHeadings = [...plain.matchAll(/^#+ \[([^\]\n]+)\]/gm)].map(([, name]) => name)
  return {
    targets: [...targets, ...definitions.values()],
    undefinedReferences: used.filter((name) => !definitions.has(name)),
    unusedDefinitions: [...definitions.keys()].filter((name) => ![...used, ...inHeadings].includes(name)),
  }
}
