#!/usr/bin/env node
// npm run docs: builds the documents and the API of index.d.ts as a static site in target/docs, by TypeDoc, without a
// network. Fails if a link leads nowhere or a page loads anything from elsewhere. The release workflow publishes it.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { Failure, runMain } from '../lib/failure.mjs'
import { ROOT, tool } from '../lib/paths.mjs'
import { run } from '../lib/run.mjs'
import { faultsOfSite } from './check-site.mjs'
import { HOME, stagePages } from './pages.mjs'

const SITE = join(ROOT, 'target', 'docs')
const PAGES = join(ROOT, 'target', 'docs-pages')

await runMain(async () => {
  await Promise.all([SITE, PAGES].map((folder) => rm(folder, { recursive: true, force: true })))
  const documents = await stagePages(PAGES)
  const parameters = ['--options', 'typedoc.json', '--out', SITE, '--readme', join(PAGES, HOME)]
  for (const path of documents) parameters.push('--projectDocuments', path)
  await run(process.execPath, [tool('typedoc', 'bin/typedoc'), ...parameters], { cwd: ROOT, what: 'TypeDoc' })
  const { pages, links, faults } = await faultsOfSite(SITE)
  if (faults.length > 0) throw new Failure(`The site is not whole:\n${faults.join('\n')}`)
  console.log(`${SITE}: ${pages} pages, ${links} links checked`)
})
