/** A fresh process: the import, a factory, and the first two calls. */
import { performance } from 'node:perf_hooks'

import { callOf } from './calls.mjs'

const FACTORIES = 20_000

export async function run({ config }, candidate) {
  const times = [performance.now()]
  const { open } = await candidate()
  times.push(performance.now())
  const call = callOf(open(config), 'create')
  times.push(performance.now())
  await call()
  times.push(performance.now())
  await call()
  times.push(performance.now())
  const [module, factory, first, second] = times.slice(1).map((time, index) => time - times[index])
  return {
    importMilliseconds: module,
    firstFactoryMilliseconds: factory,
    firstCallMilliseconds: first,
    secondCallMilliseconds: second,
    factoryMicroseconds: factories(open, config),
  }
}

function factories(open, config) {
  const began = performance.now()
  for (let number = 0; number < FACTORIES; number += 1) open(config)
  return ((performance.now() - began) * 1000) / FACTORIES
}
