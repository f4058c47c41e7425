// The callers of soak.mjs. All calls share one AbortSignal, except for those that the worker aborts.
import { getEventListeners, once, setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { within } from '../support/eventually.mjs'
import { loadClient } from './client.mjs'
import { createLimit } from './limit.mjs'
import { PROVIDERS } from './providers/index.mjs'
import { chance, randomFor, weighted } from './seeds.mjs'

const LANES = 48

/** On the client's clock. */
const STUCK_AFTER = 7_200_000
const CLEANUP_TIME = 60_000

const MEGABYTE = 1024 * 1024

const [task] = await once(process, 'message')
const { providerName, calls, warmUp, callsPerServer, seed, speed } = task
const client = loadClient({ naive: false, provider: PROVIDERS[providerName], speed })
const shared = new AbortController()
setMaxListeners(0, shared.signal)
const counts = {}
const codes = {}
let stuck = 0
let providers = []
let held = []

const before = await runCalls(0, warmUp)
const after = await runCalls(warmUp, calls)
const listenersBefore = getEventListeners(shared.signal, 'abort').length
const notAborted = await abortAll()
const listeners = listenersBefore + getEventListeners(shared.signal, 'abort').length
process.send({ result: { growth: (after - before) / MEGABYTE, stuck, listeners, notAborted, counts, codes } })

/** @returns {Promise<number>} the memory when all calls have ended */
async function runCalls(from, count) {
  for (let number = from; number < from + count; number += callsPerServer) {
    await useNextServer()
    await runBatch(number, Math.min(callsPerServer, from + count - number))
    // The clean-ups of aborted creates go on, and this server is about to close.
    await sleep(CLEANUP_TIME / speed)
    if ((number / callsPerServer) % 5 === 4) await report(number + callsPerServer)
  }
  return memory()
}

async function runBatch(first, count) {
  const limit = createLimit(LANES)
  const numbers = Array.from({ length: count }, (_, index) => first + index)
  await Promise.all(numbers.map((number) => limit(() => makeCall(randomFor(seed, 'call', number), number))))
}

async function makeCall(random, number) {
  const provider = random.pick(providers)
  const signal = shared.signal
  const options = { envs: { NUMBER: String(number) }, daemonConfig: { accessToken: 'token' }, signal }
  const withKey = { ...options, idempotencyKey: `key-${number}` }
  const destroyOne = ([one]) => one && settle(one.provider.destroy(one.id, { signal }))
  const getOne = (one) => one && settle(one.provider.getById(one.id, { signal }))
  const [kind, call] = weighted(random, [
    [28, ['create', () => keep(provider, provider.create(options))]],
    [4, ['create with a key', () => keep(provider, provider.create(withKey))]],
    [24, ['destroy', () => destroyOne(held.splice(random.integer(held.length), 1))]],
    [14, ['getById', () => getOne(held.at(-1))]],
    [6, ['list', () => settle(provider.list({ signal }))]],
    [10, ['abort', () => abortOne(random, provider, options)]],
    [14, ['bad arguments', () => settle(callWithBadArguments(random, provider, signal))]],
  ])
  counts[kind] = (counts[kind] ?? 0) + 1
  return call()
}

async function abortOne(random, provider, options) {
  const controller = new AbortController()
  if (chance(random, 0.1)) controller.abort()
  else setTimeout(() => controller.abort(), random.next() * 20)
  const call = chance(random, 0.7)
    ? provider.create({ ...options, signal: controller.signal })
    : provider.list({ signal: controller.signal })
  return keep(provider, call)
}

/** Waits for a call, and keeps the instance that it has made. */
async function keep(provider, call) {
  const created = await settle(call)
  if (created?.instanceId) held.push({ provider, id: created.instanceId })
}

function callWithBadArguments(random, provider, signal) {
  const wrong = random.pick([
    () => provider.create({ name: '', signal }),
    () => provider.create({ envs: { A: 1 }, signal }),
    () => provider.create({ idempotencyKey: 'k', name: 'n', signal }),
    () => provider.getById('no such form', { signal }),
    () => provider.getById(undefined, { signal }),
    () => provider.destroy({}, { signal }),
    () => provider.list({ managed: 'yes', signal }),
    () => provider.create({ signal: {} }),
  ])
  return wrong()
}

/** Fires the shared signal during calls. @returns {Promise<number>} how many calls did not end with ABORTED */
async function abortAll() {
  await useNextServer()
  const signal = shared.signal
  const open = Array.from({ length: 50 }, () => providers[0].list({ signal }).then(() => 'resolved', ({ code }) => code))
  shared.abort()
  const ended = await Promise.all(open)
  return ended.filter((code) => code !== 'ABORTED').length
}

async function settle(promise) {
  const outcome = await within(STUCK_AFTER / speed, promise.catch(note), 'stuck')
  if (outcome === 'stuck') stuck += 1
  return outcome === 'stuck' ? undefined : outcome
}

function note({ code }) {
  codes[code] = (codes[code] ?? 0) + 1
}

async function useNextServer() {
  process.send({ wantsServer: true })
  const [{ configs }] = await once(process, 'message')
  providers = configs.map((config) => client(config))
  held = []
}

/** Returns the memory of the process after a garbage collection; the addon frees its objects, too. */
async function memory() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc()
    await sleep(20)
  }
  return process.memoryUsage.rss()
}

async function report(done) {
  const resident = await memory()
  const { heapUsed, heapTotal } = process.memoryUsage()
  process.send({
    progress: `${done} calls: ${megabytes(resident)} resident, of which JavaScript's heap ${megabytes(heapTotal)} (${megabytes(heapUsed)} used)`,
  })
}

function megabytes(bytes) {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`
}
