#!/usr/bin/env node
// npm run check:consumers                  the packages in the projects of all kinds of consumers
// npm run check:consumers -- vite next …   only the rows whose names begin so
// npm run check:consumers -- --list        the rows
// Takes the addon that is built in the checkout, and for musl the one in `artifacts`. The tools come from npm.
import { parseArgs } from 'node:util'

import { start } from '../__test__/servers/railway/start.mjs'
import { BUNDLERS } from './consumers/bundlers.mjs'
import { CONTAINERS } from './consumers/containers.mjs'
import { FUNCTIONS } from './consumers/functions.mjs'
import { NEXT } from './consumers/next.mjs'
import { COMPILERS } from './consumers/typescript.mjs'
import { openWorkshop } from './consumers/workshop.mjs'
import { Failure, runMain } from './lib/failure.mjs'
import { inNewFolder } from './lib/files.mjs'
import { table } from './targets/table.mjs'

/** @typedef {import('./consumers/workshop.mjs').Workshop} Workshop */

/**
 * The consumers, in the order in which they are checked. Each returns what was done, and the versions of the tools.
 *
 * @type {{ name: string, check: (shop: Workshop) => Promise<{ version: string, did: string }> }[]}
 */
const ROWS = [...COMPILERS, ...BUNDLERS, ...NEXT, ...FUNCTIONS, ...CONTAINERS]

await runMain(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { list: { type: 'boolean' } } })
  if (values.list) return console.log(table(ROWS.map(({ name }) => ({ row: name }))))
  const begins = (word) => ({ name }) => name.startsWith(word)
  const unknown = positionals.find((word) => !ROWS.some(begins(word)))
  if (unknown) throw new Failure(`unknown: ${unknown} (known: ${ROWS.map(({ name }) => name).join(', ')})`, 2)
  const rows = ROWS.filter((row) => positionals.length === 0 || positionals.some((word) => begins(word)(row)))
  const { server, environment } = await start({})
  const results = []
  await inNewFolder('consumers', async (folder) => {
    const shop = await openWorkshop(folder, environment)
    for (const row of rows) results.push(await check(row, shop))
  }).finally(() => server.close())
  console.log(`\n${table(results)}`)
  if (results.some(({ result }) => result !== 'good')) throw new Failure('Not every row is good.')
})

async function check({ name, check }, shop) {
  console.log(`=== ${name}`)
  const start = performance.now()
  const seconds = () => Math.round((performance.now() - start) / 1000)
  try {
    const { version, did } = await check(shop)
    return { row: name, version, did, seconds: seconds(), result: 'good' }
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error)
    return { row: name, version: '', did: '', seconds: seconds(), result: 'failed' }
  }
}
