// Checks a built site: each link within it leads to a file and an anchor that exist, and no page loads from elsewhere.
import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'

import { filesBelow } from '../lib/files.mjs'

const ANY_HOST = 'https://site.invalid/'

/** Matches a link that a reader follows (`a`), and what a browser loads by itself. */
const ADDRESS = /<(a|script|img|iframe|source|video|audio|embed|object|use|image|link)\b[^>]*?\s(?:src|href)="([^"]*)"/g

/** The elements whose addresses have to exist. */
const CHECKED = ['a', 'link', 'img', 'script']

/** Matches what a style sheet, also one within a page, loads from a host. */
const LOADED_BY_STYLE = /(?:@import\s+['"]?|url\(['"]?)((?:https?:)?\/\/[^'")\s]+)/g

/** @param {string} folder @returns {Promise<{ pages: number, links: number, faults: string[] }>} */
export async function faultsOfSite(folder) {
  const names = await filesBelow(folder)
  const read = names.filter((name) => /\.(html|css)$/.test(name))
  const texts = new Map(await Promise.all(read.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])))
  const pages = [...texts].filter(([name]) => name.endsWith('.html'))
  const site = { names: new Set(names), anchors: new Map(pages.map(([name, text]) => [name, anchorsOf(text)])) }

  const faults = []
  let links = 0
  for (const [name, text] of pages) {
    for (const [, element, address] of text.matchAll(ADDRESS)) {
      const target = decode(address)
      if (/^(https?:)?\/\//.test(target)) {
        if (element !== 'a') faults.push(`${name}: loads ${target}`)
      } else if (CHECKED.includes(element) && !/^(mailto|data):/.test(target)) {
        links += 1
        const fault = faultOf(target, name, site)
        if (fault) faults.push(`${name}: ${target}: ${fault}`)
      }
    }
  }
  for (const [name, text] of texts) {
    for (const [, target] of text.matchAll(LOADED_BY_STYLE)) faults.push(`${name}: loads ${target}`)
  }
  return { pages: pages.length, links, faults }
}

/** @param {string} text @returns {Set<string>} */
const anchorsOf = (text) => new Set([...text.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, anchor]) => decode(anchor)))

function faultOf(target, page, { names, anchors }) {
  const url = new URL(target, ANY_HOST + page)
  const path = decodeURIComponent(url.pathname.slice(1))
  const file = names.has(path) ? path : posix.join(path, 'index.html')
  if (!names.has(file)) return 'no such file'
  const anchor = decodeURIComponent(url.hash.slice(1))
  if (anchor === '' || !file.endsWith('.html')) return undefined
  return anchors.get(file).has(anchor) ? undefined : 'no such anchor'
}

const decode = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
