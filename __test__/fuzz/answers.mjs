// A case of the fuzz of answers: one call, whose requests get recorded answers, some of them changed. Everything about it
// follows from the seed and the number of the case.
import { setTimeout as delay } from 'node:timers/promises'

import { printable } from '../support/canary.mjs'
import { entriesOf } from '../support/drift.mjs'
import { callsOf } from '../support/fixture.mjs'
import { createRandom } from '../servers/shared/random.mjs'
import { checkError, checkRequest, checkResult, credential, secret, variable } from './invariants.mjs'
import { echo, mutateHead, mutateJson, mutateText, toBytes, writeBroken } from './mutations.mjs'
import { bodyOf, keyOf, parse } from './recordings.mjs'
import { startServer } from './server.mjs'

const OPERATIONS = ['create', 'create', 'getById', 'list', 'destroy']
/** Between two ticks there is also a call of its own: what a busy machine does to the others, it does to the ticks. */
const TICK_MILLISECONDS = 20
const PING = 'ping'
const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 23\r\n\r\n{"message":"not found"}'
/** By the real clock, a call is aborted after so many ticks: what is left of it goes on in the background. */
const LIMIT_TICKS = 15
/** A call that takes longer waits more than it works: another may begin beside it. */
const SLOW_TICKS = 2
/** Far more than a call takes by the fast clock, and than an abort takes: one that takes longer hangs. */
const LONGEST_TICKS = 1_500
const CREDENTIALS = { railway: 'apiKey', render: 'apiKey', namespace: 'token', vercel: 'token' }

/** What says where a resource belongs. */
const SCOPE_FIELDS = ['projectId', 'environmentId', 'ownerId', 'teamId']

/**
 * @param {object} options
 * @param {Record<string, import('./recordings.mjs').Recording>} options.recordings
 * @param {Record<string, (config: object) => any>} options.addon as it is released
 * @param {Record<string, (config: object) => any>} options.fastAddon in which a lost create is settled in a second or two
 * @param {number} options.seed
 * @param {(text: string) => void} [options.trace] told of each request and answer
 * @param {number} [options.longestTicks] after which a call hangs
 */
export async function createAnswerFuzz({ recordings, addon, fastAddon, seed, trace, longestTicks = LONGEST_TICKS }) {
  const providers = Object.keys(recordings)
  const recordedNames = namesIn(recordings)
  /** By number, also those that have ended: a create may be looked after in the background. */
  const cases = new Map()
  const violations = []
  const checkers = Object.fromEntries(providers.map((name) => [name, addon[name](recordings[name].config)]))
  const fail = (number, text) => violations.push({ number, text, log: cases.get(number)?.log ?? [] })
  const server = await startServer((request, socket) => {
    if (request.target.startsWith(`/${PING}/`)) return socket.write(NOT_FOUND)
    const [, number, target] = /^\/c(\d+)(\/.*)$/.exec(request.target) ?? []
    const one = cases.get(Number(number))
    if (one === undefined) {
      fail(-1, `a request of no case: ${request.method} ${request.target}`)
      return socket.destroy()
    }
    answer(one, { ...request, target }, socket)
  })

  function describe(number) {
    const random = createRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0)
    const provider = random.pick(providers)
    const operation = random.pick(OPERATIONS)
    // The unoptimised build takes several times as long: it runs only what would else not come to its end.
    const isFast = operation === 'create' && random.next() < 0.15
    const { config, path } = { ...recordings[provider], ...recordings[provider].config }
    const own = credential(`credential-${number}`)
    return {
      number,
      random,
      provider,
      operation,
      own,
      isFast,
      /** One answer is changed, or each may be. */
      changed: random.pick([0, 0, 0, 1, 1, 2, 3, 'any', 'any', 'any']),
      config: {
        ...config,
        [CREDENTIALS[provider]]: own,
        baseUrl: `${server.url}/c${number}${path}`,
        maxRetries: random.pick([0, 0, 0, 1]),
        // What is not answered holds one of the 256 permits of this server.
        requestTimeoutMs: isFast ? 60_000 : 3_000,
      },
      askedId: random.pick(recordings[provider].ids),
      options: optionsFor(operation, number, provider, random),
      abortAfter: random.next() < 0.05 ? random.integer(3) : Infinity,
      requests: 0,
      /** What was sent and answered, in short: by itself a case may take another course. */
      log: [],
      /** Ids that we made, or were told to destroy. */
      ours: new Set(),
      handles: new Set(),
    }
  }

  function optionsFor(operation, number, provider, random) {
    if (operation === 'list') return random.pick([undefined, { managed: true }])
    if (operation !== 'create') return undefined
    return {
      image: provider === 'vercel' ? undefined : random.pick([undefined, 'acme/box:1']),
      daemonConfig: random.pick([undefined, { accessToken: secret(`access-${number}`) }]),
      envs: random.pick([undefined, { TEXT: variable(String(number)) }]),
      ...random.pick([{}, {}, { name: `my-box-${number}` }, { idempotencyKey: `key-${number}` }]),
      ...random.pick([{}, {}, { waitUntilReady: true, readyTimeoutMs: 60_000 }]),
    }
  }

  /** @param {ReturnType<typeof describe>} one */
  function answer(one, request, socket) {
    const { number, random, provider } = one
    trace?.(`→ ${request.method} ${request.target} ${printable(request.body)}`)
    one.log.push(`→ ${request.method} ${request.target.slice(0, 200)} ${request.body.slice(0, 400)}`)
    learnHandles(one, request, recordedNames)
    const wrong = checkRequest(provider, request, one.own) ?? checkDeletion(one, request)
    if (wrong) fail(number, wrong)
    const sent = one.requests
    one.requests += 1
    const recorded = pickTemplate(one, request)
    let body = bodyOf(recorded, request)
    let { status, headers } = recorded
    const isChanged = one.changed === 'any' ? random.next() < 0.5 : one.changed === sent
    let isBroken = false
    if (isChanged) {
      const kind = random.integer(20)
      if (kind < 11) body = mutateJson(body, request, random)
      else if (kind < 13) body = mutateText(body, random)
      else if (kind < 16) ({ status, headers } = mutateHead({ status, headers }, random))
      else if (kind < 18) body = withEcho(provider, echo(request, random))
      else if (kind < 19) isBroken = true
      else body = mutateJson(mutateJson(body, request, random), request, random)
      if (kind >= 16 && kind < 18) status = random.pick([200, 400, 403, 500])
    }
    const bytes = toBytes({ status, headers, body: status === 204 ? '' : body })
    trace?.(`← ${isBroken ? '(broken) ' : ''}${printable(bytes.toString('utf8', 0, 2_000))}`)
    one.log.push(`← ${isBroken ? '(broken) ' : ''}${status} ${body.slice(0, 400)}`)
    learnIds(one, body)
    if (isBroken) writeBroken(bytes, socket, random)
    else socket.write(bytes)
  }

  function pickTemplate({ random, changed, provider }, request) {
    const { byKey, all, errors } = recordings[provider]
    const fitting = byKey.get(keyOf(provider, request)) ?? all
    if (changed !== 'any') return random.next() < 0.8 ? fitting[0] : random.pick(fitting)
    const chance = random.next()
    if (chance < 0.65) return random.pick(fitting)
    return chance < 0.85 ? random.pick(errors) : random.pick(all)
  }

  /** Those under way: aborted in time, and given up when they hang. */
  const watched = new Set()
  let isOpen = true
  const tick = async () => {
    const { config, ids } = recordings.render
    const pinged = addon.render({ ...config, baseUrl: `${server.url}/${PING}` })
    while (isOpen) {
      await pinged.getById?.(ids[0])?.catch(() => {})
      for (const look of watched) look()
      await delay(TICK_MILLISECONDS)
    }
  }
  const ticking = tick()

  /** Resolves with how a call ends. */
  function endOf(one, call, controller, onSlow) {
    let ticks = 0
    const limit = Math.min(one.abortAfter, one.isFast ? Infinity : LIMIT_TICKS)
    return new Promise((resolve) => {
      const look = () => {
        ticks += 1
        if (ticks === SLOW_TICKS) onSlow()
        if (ticks > limit) controller.abort()
        if (ticks > longestTicks) end({ hangs: true })
      }
      const end = (outcome) => {
        watched.delete(look)
        resolve(outcome)
      }
      watched.add(look)
      call.then((result) => end({ result }), (error) => end({ error }))
    })
  }

  async function runCase(one, onSlow) {
    const { provider: name, operation, askedId, options, number } = one
    if (operation === 'destroy') one.ours.add(askedId)
    const provider = (one.isFast ? fastAddon : addon)[name](one.config)
    const controller = new AbortController()
    const call = callsOf(askedId)[operation](provider, { ...options, signal: controller.signal })
    const { hangs, result, error } = await endOf(one, call, controller, onSlow)
    one.outcome = hangs ? 'hangs' : error ? error.code : 'success'
    if (hangs) return 'the call hangs'
    if (error) return checkError(error, { provider: name, operation, thoroughly: number % 20 === 0 })
    return checkResult(operation, result, { askedId, accepts: (id) => isAccepted(checkers[name], id) })
  }

  return {
    violations,
    describe,
    /** Runs a case, and notes what is wrong. Tells when it only waits. */
    async run(number, onSlow = () => {}) {
      const one = describe(number)
      cases.set(number, one)
      const wrong = await runCase(one, onSlow)
      if (wrong) fail(number, wrong)
      return one
    },
    async close() {
      isOpen = false
      await ticking
      await server.close()
    },
  }
}

const FIRED = AbortSignal.abort()

/** Whether `getById` takes an id: it looks at it before it looks at the signal. Nothing is sent. */
async function isAccepted(provider, id) {
  const [{ reason }] = await Promise.allSettled([provider.getById(id, { signal: FIRED })])
  return reason?.code === 'ABORTED'
}

// --- What may be deleted --------------------------------------------------------------------------------------------

function deletedId(provider, { method, target, body }) {
  if (method === 'DELETE') return decodeURIComponent(target.split('?')[0].split('/').at(-1))
  if (provider === 'namespace' && target.endsWith('/DestroyInstance')) return parse(body)?.instanceId
  const json = provider === 'railway' ? parse(body) : undefined
  return json?.operationName === 'ServiceDelete' ? json.variables.id : undefined
}

function checkDeletion({ provider, ours, handles }, request) {
  const id = deletedId(provider, request)
  if (id === undefined || ours.has(id)) return undefined
  // At Vercel the name is the id.
  if (provider === 'vercel' && handles.has(id)) return undefined
  return `a deletion of what we have not made: ${printable(id)}`
}

const DRAWN_NAME = /computesdk-[a-z0-9-]{10,}/g

/** The names in the recordings: none of them is drawn in a case. */
function namesIn(recordings) {
  const texts = Object.values(recordings).flatMap(({ all }) => all.flatMap(({ body }) => body))
  const names = texts.flatMap((part) => (typeof part === 'string' ? part : part.text).match(DRAWN_NAME) ?? [])
  return new Set(names)
}

/**
 * Notes the name or tag of a create: that which it was told to use, or one that the package has drawn. A request that looks it up
 * may come before the one that creates, which waits for a connection.
 */
function learnHandles({ operation, handles, options }, { target, body }, recordedNames) {
  if (operation !== 'create') return
  if (options.name) handles.add(options.name)
  for (const text of [target, body]) {
    for (const [name] of text.matchAll(DRAWN_NAME)) if (!recordedNames.has(name)) handles.add(name)
  }
}

/** Notes the texts of each part of an answer that bears our name or tag, and does not belong elsewhere. */
function learnIds({ handles, ours, config }, body) {
  if (handles.size === 0) return
  for (const part of partsOf(parse(body))) {
    const texts = textsOf(part)
    const bears = texts.some(([, text]) => handles.has(text))
    const isElsewhere = texts.some(([key, text]) => SCOPE_FIELDS.includes(key) && config[key] && text !== config[key])
    if (bears && !isElsewhere) for (const [, text] of texts) ours.add(text)
  }
}

/** Returns the entries of the lists in an answer; all of it, if it has no list of resources. */
function partsOf(json) {
  if (typeof json !== 'object' || json === null) return []
  const lists = [json, json.instances, json.sandboxes, ...edgesIn(json)].filter((value) => Array.isArray(value))
  return lists.length === 0 ? [json] : lists.flat().filter((each) => typeof each === 'object' && each !== null)
}

const edgesIn = (value) =>
  Object.entries(value ?? {}).flatMap(([key, inner]) => {
    if (key === 'edges') return [inner]
    return typeof inner === 'object' && !Array.isArray(inner) ? edgesIn(inner) : []
  })

/** Returns the texts in a value, each with the name of its field. */
const textsOf = (value) =>
  [...entriesOf(value)]
    .filter(([, inner]) => typeof inner === 'string')
    .map(([path, text]) => [path.split('.').at(-1), text])

/** The error of a provider with another text. */
function withEcho(provider, message) {
  if (provider === 'railway') {
    return JSON.stringify({ errors: [{ message, traceId: message, extensions: { code: message } }], data: null })
  }
  if (provider === 'vercel') return JSON.stringify({ error: { code: message, message } })
  return JSON.stringify({ id: message, code: message, message })
}
