/** What importing costs a cold process: whole processes from start to end, against one that does nothing. */
import { spawnSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

import { withoutCredentials } from '../../scripts/lib/environment.mjs'
import { Failure } from '../../scripts/lib/failure.mjs'
import { median } from './statistics.mjs'

/** Files of bench/processes: what does something, and what does nothing in the same kind of module. */
export const PROCESSES = {
  addon: { title: 'import of the gateway', file: 'import-addon.mjs', empty: 'module' },
  required: { title: 'require of the gateway', file: 'require-addon.cjs', empty: 'script' },
  undici: { title: 'import of undici', file: 'import-undici.mjs', empty: 'module' },
  module: { title: 'an empty module', file: 'empty-module.mjs' },
  script: { title: 'an empty script', file: 'empty-script.cjs' },
}

/**
 * Starts each of the processes so many times, in turn, and adds how many milliseconds each took.
 *
 * @param {Record<string, number[]>} times by the keys of PROCESSES
 */
export function timeImports(times, repetitions) {
  // The first finds its files on the disk, all later ones in memory.
  if (Object.keys(times).length === 0) for (const id of Object.keys(PROCESSES)) timeProcess(id)
  for (let number = 0; number < repetitions; number += 1) {
    for (const id of Object.keys(PROCESSES)) (times[id] ??= []).push(timeProcess(id))
  }
}

function timeProcess(id) {
  const path = fileURLToPath(new URL(`../processes/${PROCESSES[id].file}`, import.meta.url))
  const began = performance.now()
  const { status } = spawnSync(process.execPath, [path], { env: withoutCredentials(), stdio: 'inherit' })
  if (status !== 0) throw new Failure(`${PROCESSES[id].title} failed (${status}).`)
  return performance.now() - began
}

/** What an import adds to a process that does nothing, in milliseconds. */
export function importCost(times, id) {
  return median(times[id]) - median(times[PROCESSES[id].empty])
}
