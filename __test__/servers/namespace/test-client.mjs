// A server for a test, and a client that checks each answer.
import assert from 'node:assert/strict'

import { send as sendTo } from '../shared/send.mjs'
import { closeAfterTest } from '../shared/test-servers.mjs'
import { startNamespaceServer } from './index.mjs'
import { SERVICE_PATH } from './schema.mjs'

export const ABSENT = 'zzzzzzzzzzzzz'
export const START = Date.UTC(2026, 8, 1, 10)
export const HOUR = 3_600_000

export const BODY = {
  shape: { virtualCpu: 2, memoryMegabytes: 4096, machineArch: 'amd64', os: 'linux' },
  documentedPurpose: 'ComputeSDK sandbox',
  labels: [{ name: 'computesdk.name', value: 'box-1' }],
  containers: [
    {
      name: 'main-container',
      imageRef: 'computesdk/compute:latest',
      environment: { GREETING: 'hello' },
      workloadType: 'SERVICE',
    },
  ],
}

/** Starts a server with a workspace, and a client for it. */
export async function setUp(options) {
  const server = closeAfterTest(await startNamespaceServer({ seed: 7, ...options }))
  const { world } = server
  const workspace = world.createWorkspace({ name: 'sandboxes' })
  const token = world.addToken({ workspace })

  const send = ({ path, ...options }) => sendTo(`${server.url}${path}`, { method: 'POST', ...options })

  const call = async (method, body, { by = token, region, headers, signal } = {}) => {
    const answer = await send({
      path: `${region ? `/${region}` : ''}${SERVICE_PATH}${method}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        'connect-protocol-version': '1',
        ...(by && { authorization: `Bearer ${by}` }),
        ...headers,
      },
      signal,
    })
    const isJson = answer.headers['content-type'] === 'application/json'
    return { ...answer, json: isJson ? JSON.parse(answer.text) : undefined }
  }
  const ask = async (method, body, options) => {
    const { status, json } = await call(method, body, options)
    assert.equal(status, 200, JSON.stringify(json))
    return json
  }
  const refused = async (method, body, status, code, options) => {
    const answer = await call(method, body, options)
    assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text)
    return answer.json
  }
  const create = (changes, options) => ask('CreateInstance', { ...BODY, ...changes }, options)
  const createId = async (changes, options) => (await create(changes, options)).metadata.instanceId
  const look = async (instanceId, options) => (await ask('DescribeInstance', { instanceId }, options)).metadata
  const statuses = async (instanceId, count) => {
    const seen = []
    for (let index = 0; index < count; index += 1) seen.push((await look(instanceId)).status)
    return seen
  }
  const list = async (body = {}, options) => (await ask('ListInstances', body, options)).instances ?? []
  const ids = async (body, options) => (await list(body, options)).map(({ instanceId }) => instanceId)
  const destroy = (instanceId, options) => ask('DestroyInstance', { instanceId, reason: 'done' }, options)
  const takeViolations = () => server.violations.splice(0)

  const client = { send, call, ask, refused, create, createId, look, statuses, list, ids, destroy, takeViolations }
  return { server, world, workspace, token, ...client }
}

/** Returns the first detail of an error, decoded. */
export const detailOf = ({ details: [{ type, value }] }) => [type, Buffer.from(value, 'base64').toString('base64')]

export const labelled = (name, value) => ({ labels: [{ name, value }] })
