#!/usr/bin/env node
// node __test__/fuzz/replay.mjs --seed 7 --case 123     repeats one case of the fuzz of answers, and shows what is sent
// node __test__/fuzz/replay.mjs --seed 7 --cases 20000  runs so many, and counts
import { parseArgs } from 'node:util'

import { printable } from '../support/canary.mjs'
import { runAnswers } from './run.mjs'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    cases: { type: 'string', default: '20000' },
  },
})
const numbers = values.case === undefined ? Number(values.cases) : [Number(values.case)]
const trace = values.case === undefined ? undefined : (text) => console.log(text)
const cpu = process.cpuUsage()
const { violations, counts, milliseconds } = await runAnswers({ seed: Number(values.seed), numbers, trace })
const { user, system } = process.cpuUsage(cpu)
console.log(counts, `${milliseconds.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of the processors`)
/** One of each kind. */
const kinds = new Map()
for (const violation of violations) {
  const kind = violation.text.replaceAll(/:.*/gs, '').replaceAll(/of \S+ gives.*/gs, 'gives')
  kinds.set(kind, [...(kinds.get(kind) ?? []), violation])
}
for (const [kind, each] of kinds) {
  const [{ number, text, log }] = each
  console.log(`${each.length} × ${kind}, as in case ${number}: ${printable(text).slice(0, 600)}`)
  for (const line of log ?? []) console.log(`  ${printable(line)}`)
}
console.log(`${violations.length} violations`)
process.exit(violations.length === 0 ? 0 : 1)
