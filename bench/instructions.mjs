#!/usr/bin/env node
// npm run check:instructions                 compares the instructions of a create and of a list row with bench/instructions.json
// npm run check:instructions -- --write      takes the new figures
// npm run check:instructions -- --build      only builds the program
//
// They are those of the core, from the arguments to the text for JavaScript, with a transport that answers at once. valgrind
// counts them, so the figures of one machine differ by less than a percent, whatever else it does. Another compiler, processor or
// C library may differ by some.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../scripts/lib/failure.mjs'
import { inNewFolder } from '../scripts/lib/files.mjs'
import { ROOT } from '../scripts/lib/paths.mjs'
import { capture, run } from '../scripts/lib/run.mjs'
import { BENCH } from './lib/load.mjs'

const FIGURES = join(BENCH, 'instructions.json')

/** By how much a figure may grow. */
const TOLERANCE = 0.05

/** Counts of two runs, of which the difference is taken. */
const COUNTS = { create: [100, 1_100], row: [1_000, 11_000] }

await runMain(async () => {
  const flag = { type: 'boolean', default: false }
  const { values } = parseArgs({ options: { write: flag, build: flag } })
  const program = await build()
  if (values.build) return
  const { ok } = await capture('valgrind', ['--version'], { cwd: BENCH })
  if (!ok) throw new Failure('valgrind is missing: install it from your system\u2019s packages.')

  const measured = {}
  for (const [what, [few, many]] of Object.entries(COUNTS)) {
    const difference = (await count(program, what, many)) - (await count(program, what, few))
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

/** Builds for the same target and in the same folder as the addon is built, whose crates serve both. Returns the program. */
async function build() {
  const { stdout } = await capture('rustc', ['-vV'], { cwd: BENCH })
  const host = /^host: (\S+)/m.exec(stdout)?.[1]
  if (host === undefined) throw new Failure('rustc does not tell its host.')
  const target = join(ROOT, 'target')
  const place = ['--target', host, '--target-dir', target]
  const parameters = ['build', '--release', '--locked', ...place, '--package', 'gateway-bench-micro', '--bin', 'instructions']
  await run('cargo', parameters, { cwd: BENCH, what: 'Building the program' })
  return join(target, host, 'release', 'instructions')
}

function count(program, what, times) {
  return inNewFolder('instructions', async (folder) => {
    const options = ['--tool=callgrind', `--callgrind-out-file=${join(folder, 'out')}`]
    const { ok, output } = await capture('valgrind', [...options, program, what, String(times)], { cwd: BENCH })
    const found = /Collected : (\d+)/.exec(output)
    if (!ok || !found) throw new Failure(`The program failed:\n${output}`)
    return Number(found[1])
  })
}
