// Recordings of each provider: what its fake server answers to the package, and its errors. In an answer, what repeats a
// text of the request is kept as a reference, so that a replayed answer bears the name and the id of the request at hand.
import http from 'node:http'
import { text } from 'node:stream/consumers'

import { ACCESS_TOKEN } from '../support/canary.mjs'
import { entriesOf } from '../support/drift.mjs'
import { listen } from '../support/listen.mjs'
import { PROVIDERS } from '../support/providers.mjs'
import { connectError } from '../servers/namespace/errors.mjs'
import { graphqlError } from '../servers/railway/errors.mjs'
import { renderError } from '../servers/render/errors.mjs'
import { apiError } from '../servers/vercel/errors.mjs'

const CONNECT_CODES = ['invalid_argument', 'not_found', 'already_exists', 'permission_denied', 'unauthenticated']
const MORE_CONNECT_CODES = ['resource_exhausted', 'failed_precondition', 'unavailable', 'internal', 'deadline_exceeded']
const STATUSES = [400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 429, 500, 502, 503, 504]
const RAILWAY_TEXTS = [
  'Not Authorized',
  'Service not found',
  'A service named "computesdk-x" already exists in this project',
  'Problem processing request',
  'You have been rate limited',
  'Resource provision limit exceeded. Please upgrade to provision more resources',
]

/** The errors of each provider, as its fake server sends them. */
const ERRORS = {
  railway: RAILWAY_TEXTS.map((text) => graphqlError(text)),
  render: STATUSES.map((status) => renderError(status, 'no')),
  namespace: [...CONNECT_CODES, ...MORE_CONNECT_CODES].map((code) => connectError(code, { message: 'no' })),
  vercel: STATUSES.map((status) => apiError(status, status === 404 ? 'not_found' : 'bad_request')),
}

/** The calls that are recorded, each at a server of its own. */
const FLOWS = [
  async ({ provider, options }) => {
    const { instanceId } = await provider.create(options)
    await provider.getById(instanceId)
    await provider.list()
    await provider.destroy(instanceId)
    await provider.getById(instanceId)
    await provider.destroy(instanceId)
  },
  async ({ provider, options }) => {
    await provider.create({ ...options, idempotencyKey: 'key', waitUntilReady: true })
    await provider.create({ ...options, idempotencyKey: 'key' })
  },
  async ({ provider, options }) => {
    await provider.create({ ...options, name: 'my-box' })
    await provider.create({ ...options, name: 'my-box' }).catch(() => {})
  },
  async ({ provider, absentId, addForeign, addOther }) => {
    const foreign = addForeign()
    addOther()
    for (const id of [absentId, foreign]) {
      await provider.getById(id)
      await provider.destroy(id)
    }
    await provider.list()
  },
  async ({ provider, options, plan }) => {
    plan('fails')
    await provider.create({ ...options, waitUntilReady: true }).catch(() => {})
  },
]

/**
 * @typedef {object} Seen a request
 * @property {string} method
 * @property {string} target path and query
 * @property {string} body
 *
 * @typedef {object} Template an answer
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {(string | { reference: string, text: string })[]} body
 *
 * @typedef {object} Recording
 * @property {object} config for the factory, without an address; `path`: of the API below its address
 * @property {string[]} ids of what was made
 * @property {Map<string, Template[]>} byKey
 * @property {Template[]} all
 * @property {Template[]} errors
 *
 * @returns {Promise<Record<string, Recording>>} by provider
 */
export async function record() {
  const recorded = Object.entries(PROVIDERS).map(async ([name, entry]) => [name, await recordProvider(name, entry)])
  return Object.fromEntries(await Promise.all(recorded))
}

async function recordProvider(name, entry) {
  const flows = await Promise.all(FLOWS.map((flow) => recordFlow(name, entry, flow)))
  const byKey = new Map()
  for (const [key, template] of flows.flatMap(({ templates }) => templates)) {
    byKey.set(key, [...(byKey.get(key) ?? []), template])
  }
  const errors = ERRORS[name].map(({ status = 200, headers = {}, body }) => ({
    status,
    headers: plainHeaders(headers),
    body: [typeof body === 'string' ? body : JSON.stringify(body ?? '')],
  }))
  const ids = [entry.absentId, ...flows.flatMap(({ ids }) => ids)]
  return { config: flows[0].config, ids, byKey, all: [...byKey.values()].flat(), errors }
}

async function recordFlow(name, entry, flow) {
  const templates = []
  const fixture = await entry.start()
  const recorder = await startRecorder(new URL(fixture.config.baseUrl).origin, (seen, answer) => {
    templates.push([keyOf(name, seen), templateOf(seen, answer)])
  })
  const path = new URL(fixture.config.baseUrl).pathname.replace(/\/$/, '')
  const options = { image: entry.image ?? 'acme/box:1', daemonConfig: { accessToken: ACCESS_TOKEN } }
  await flow({ ...fixture, provider: fixture.make({ baseUrl: recorder.url + path }), options, absentId: entry.absentId })
  const ids = fixture.existing()
  await recorder.close()
  await fixture.close()
  return { templates, ids, config: { ...fixture.config, path } }
}

/** A server that passes on what it gets, and shows each answer. */
function startRecorder(origin, onAnswer) {
  const server = http.createServer(async (request, response) => {
    const body = await text(request)
    const headers = { ...request.headers }
    for (const name of ['host', 'connection', 'content-length']) delete headers[name]
    const { method, url } = request
    const answer = await fetch(origin + url, { method, headers, body: body || undefined, redirect: 'manual' })
    const headersOfAnswer = plainHeaders(Object.fromEntries(answer.headers))
    const answered = await answer.text()
    onAnswer({ method, target: url, body }, { status: answer.status, headers: headersOfAnswer, body: answered })
    response.writeHead(answer.status, headersOfAnswer).end(answered)
  })
  return listen(server)
}

const DROPPED = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'content-encoding'])

function plainHeaders(headers) {
  const entries = Object.entries(headers).filter(([name, value]) => !DROPPED.has(name.toLowerCase()) && value !== null)
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
}

/** Names the kind of a request: its method, its route and, at Railway, its operation. */
export function keyOf(provider, { method, target, body }) {
  const segments = target.split('?')[0].split('/')
  const route = segments.map((segment) => (isFixed(segment) ? segment : ':id')).join('/')
  const operation = provider === 'railway' ? parse(body)?.operationName : ''
  return `${method} ${route} ${operation}`
}

/** Of the routes of the four providers, the parts that are no ids. */
const FIXED = /^(|v\d|graphql|services|deploys|sandboxes|sessions|cmd|logs|(us\/)?namespace\..*|\w+Instances?)$/
const isFixed = (segment) => FIXED.test(segment)

function templateOf(seen, { status, headers, body }) {
  const leaves = leavesOf(seen).sort(([, one], [, other]) => other.length - one.length)
  /** @type {Template['body']} */
  let parts = [body]
  for (const [reference, text] of leaves) {
    parts = parts.flatMap((part) => {
      if (typeof part !== 'string') return [part]
      return part.split(text).flatMap((piece, index) => (index === 0 ? [piece] : [{ reference, text }, piece]))
    })
  }
  return { status, headers, body: parts }
}

/** The texts of a request that an answer may repeat, with where they stand. */
function leavesOf({ target, body }) {
  const [path] = target.split('?')
  const inPath = path.split('/').flatMap((segment, index) => (isFixed(segment) ? [] : [[`path.${index}`, segment]]))
  const isRepeated = ([at, value]) => typeof value === 'string' && value.length >= 6 && at !== 'query'
  return [...inPath, ...[...entriesOf(parse(body))].filter(isRepeated)]
}

/** Returns the body of an answer to the request at hand. */
export function bodyOf(template, seen) {
  if (template.body.length === 1) return template.body[0]
  const leaves = new Map(leavesOf(seen))
  return template.body.map((part) => (typeof part === 'string' ? part : (leaves.get(part.reference) ?? part.text))).join('')
}

export function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
