#!/usr/bin/env node
// npm run chaos                                   a thousand creates in bad weather
// npm run chaos -- --runs 10000 --seed 7          more of them, and the same ones again
// npm run chaos -- --seed 7 --round 3             one round of them, all its stories
// npm run chaos -- --seed 7 --story 3.41          one story
// npm run chaos -- --naive                        the client that must be found guilty
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

import { Failure, runMain } from '../../scripts/lib/failure.mjs'
import { runChaos } from './harness.mjs'
import { ENDING_TYPES, STORY_TYPES } from './plan.mjs'
import { PROVIDERS } from './providers/index.mjs'
import { confession, table } from './report.mjs'
import { isGuilty } from './tally.mjs'

/** Full accounts that are printed unless --verbose asks for all. */
const ACCOUNTS = 3

const OMISSIBLE = [...STORY_TYPES, ...ENDING_TYPES]

const USAGE = `usage: npm run chaos -- [options]

  --provider NAME    ${Object.keys(PROVIDERS).join(', ')} (default: railway)
  --runs N           creates (default: 1000)
  --seed S           what happens, and in which weather (default: a fresh one)
  --concurrency C    stories at once (default: 64; at a real engine 24)
  --speed X          how many times as fast the client's clock runs (default: 25; at a real engine 4)
  --round R          only this round of the seed
  --story R.S        only this story
  --without A,B      leaves out types of story (${STORY_TYPES.join(', ')})
                     or endings (${ENDING_TYPES.join(', ')})
  --loose-names      in all rounds the server lets a name exist twice
  --single-faults    each create meets one fault, reads lag little: for the times until creates settle
  --naive            a client that retries blindly, which must be found guilty
  --verbose          a line for each round, and the full account of every offence`

await runMain(async () => {
  const options = readArguments()
  if (options.help) return console.log(USAGE)
  const progress = createProgress(options)
  let accounts = 0
  const tally = await runChaos({
    ...options,
    onRound: progress.show,
    onFinding(finding) {
      accounts += 1
      if (!options.verbose && accounts > ACCOUNTS) return
      progress.clear()
      console.log(`${confession(finding, { command: (story) => replay(options, story) })}\n`)
    },
  })
  progress.clear()
  const { title } = options.provider
  console.log(table(tally, { ...options, title, client: options.naive ? 'the naive client' : 'the addon' }))
  if (!isGuilty(tally)) return
  if (!options.verbose && accounts > ACCOUNTS) console.log(`\n${accounts - ACCOUNTS} more guilty stories; --verbose tells of all.`)
  process.exitCode = 1
})

function readArguments() {
  try {
    const text = { type: 'string' }
    const flag = { type: 'boolean', default: false }
    const { values } = parseArgs({
      options: {
        provider: { ...text, default: 'railway' },
        runs: { ...text, default: '1000' },
        seed: { ...text, default: String(randomBytes(4).readUInt32LE()) },
        concurrency: text,
        speed: text,
        round: text,
        story: text,
        without: { ...text, default: '' },
        'loose-names': flag,
        'single-faults': flag,
        naive: flag,
        verbose: flag,
        help: { ...flag, short: 'h' },
      },
    })
    if (!Object.hasOwn(PROVIDERS, values.provider)) throw new Error(`unknown provider: ${values.provider}`)
    const provider = PROVIDERS[values.provider]
    if (provider.skip) throw new Error(provider.skip)
    const pace = provider.pace ?? { speed: 25, concurrency: 64 }
    const without = values.without.split(',').filter(Boolean)
    const unknown = without.find((type) => !OMISSIBLE.includes(type))
    if (unknown) throw new Error(`--without: unknown: ${unknown}`)
    return {
      ...values,
      provider,
      looseNames: values['loose-names'],
      singleFaults: values['single-faults'],
      without,
      runs: whole(values, 'runs'),
      seed: whole(values, 'seed', 0),
      concurrency: values.concurrency ? whole(values, 'concurrency') : pace.concurrency,
      speed: values.speed ? whole(values, 'speed') : pace.speed,
      round: values.story ? Number(values.story.split('.')[0]) : values.round && whole(values, 'round', 0),
    }
  } catch (error) {
    throw new Failure(`${error.message}\n\n${USAGE}`, 2)
  }
}

function whole(values, name, least = 1) {
  const number = Number(values[name])
  if (!Number.isSafeInteger(number) || number < least) throw new Error(`--${name} must be a whole number from ${least}`)
  return number
}

/** The same weather, callers and stories; who comes first where they meet is up to the machine. */
function replay({ provider, seed, speed, concurrency, without, looseNames, singleFaults, naive }, story) {
  const words = ['npm run chaos --', `--provider ${provider.name}`, `--seed ${seed}`, `--story ${story.id}`]
  words.push(`--speed ${speed}`, `--concurrency ${concurrency}`)
  if (without.length > 0) words.push(`--without "${without.join(',')}"`)
  if (looseNames) words.push('--loose-names')
  if (singleFaults) words.push('--single-faults')
  if (naive) words.push('--naive')
  return words.join(' ')
}

function createProgress({ verbose }) {
  const live = process.stderr.isTTY && !verbose
  return {
    show({ rounds, tally }) {
      const offences = Object.values(tally.offences).reduce((sum, number) => sum + number, 0)
      const line = `${tally.rounds} of ${rounds} rounds, ${tally.creates} creates, ${offences} offences`
      if (live) process.stderr.write(`\r\x1b[K${line}`)
      else if (verbose) console.error(line)
    },
    clear() {
      if (live) process.stderr.write('\r\x1b[K')
    },
  }
}
