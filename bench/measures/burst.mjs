/** So many creates at one moment: in a fresh process, and again with the connections that it has then. */
import { performance } from 'node:perf_hooks'

import { median } from '../lib/statistics.mjs'
import { callOf } from './calls.mjs'

const WARM = 5

export async function run({ size, config }, candidate) {
  const { open } = await candidate()
  const call = callOf(open(config), 'create')
  const burst = async () => {
    const began = performance.now()
    await Promise.all(Array.from({ length: size }, call))
    return performance.now() - began
  }
  const coldMilliseconds = await burst()
  const warm = []
  for (let number = 0; number < WARM; number += 1) warm.push(await burst())
  return { coldMilliseconds, warmMilliseconds: median(warm) }
}
