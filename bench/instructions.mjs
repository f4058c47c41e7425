#!/usr/bin/env node
// npm run check:instructions                 compares the instructions of a create and of a list row with bench/instructions.json
// npm run check:instructions -- --write      takes the new figures
//
// They are those of the core, from the arguments to the text for JavaScript, with a transport that answers at once. valgrind
// counts them, so the figures of one machine differ by less than a percent, whatever else it does. Another compiler, processor or
// C library may differ by some.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../scripts/lib/failure.mjs'
import { capture, run } from '../scripts/lib/run.mjs'
import { BENCH, TARGET } from './lib/load.mjs'

const FIGURES = join(BENCH, 'instructions.json')

/** By how much a figure may grow. */
const TOLERANCE = 0.05

/** Counts of two runs, of which the difference is taken. */
const COUNTS = { create: [100, 1_100], row: [1_000, 11_000] }

await runMain(async () => {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })
  const { ok } = await capture('valgrind', ['--version'], { cwd: BENCH })
  if (!ok) throw new Failure('valgrind is missing: install it from your system\u2019s packages.')
  const parameters = ['build', '--release', '--locked', '--package', 'gateway-bench-micro', '--bin', 'instructions']
  await run('cargo', parameters, { cwd: BENCH, what: 'Building the program' })

  const measured = {}
  for (const [what, [few, many]] of Object.entries(COUNTS)) {
    const difference = (await count(what, many)) - (await count(what, few))
    measured[what] = Math.round(difference / (many - few))
  }
  if (values.write) {
    await writeFile(FIGURES, `${JSON.stringify(measured, null, 2)}\n`)
    console.log(`Written: ${JSON.stringify(measured)}`)
    return
  }
  const known = JSON.parse(await readFile(FIGURES, 'utf8'))
  const problems = []
  for (const [what, instructions] of Object.entries(measured)) {
    const growth = instructions / known[what] - 1
    const percent = `${growth < 0 ? '' : '+'}${(100 * growth).toFixed(1)} %`
    console.log(`${what}: ${instructions} instructions, ${known[what]} are known (${percent})`)
    if (growth > TOLERANCE) problems.push(`A ${what} takes ${percent} instructions.`)
    if (growth < -TOLERANCE) console.log(`  Take the gain: npm run check:instructions -- --write`)
  }
  if (problems.length > 0) throw new Failure(problems.join('\n'))
})

async function count(what, times) {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-instructions-'))
  try {
    const program = join(TARGET, 'release', 'instructions')
    const options = ['--tool=callgrind', `--callgrind-out-file=${join(folder, 'out')}`]
    const { ok, output } = await capture('valgrind', [...options, program, what, String(times)], { cwd: BENCH })
    const found = /Collected : (\d+)/.exec(output)
    if (!ok || !found) throw new Failure(`The program failed:\n${output}`)
    return Number(found[1])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
