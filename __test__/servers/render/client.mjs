// A client for the tests of this server. It closes what they have opened.
import assert from 'node:assert/strict'

import { closeAfterTest } from '../shared/test-servers.mjs'
import { startRenderServer } from './index.mjs'

/** An id of the right form, without a service. */
export const ABSENT = 'srv-00000000000000000000'

/**
 * Starts a server with a seeded world, and a client for it.
 *
 * @param {object} [options] of the server
 * @param {boolean} [violates] the test sends requests that a client of ours may not send
 */
export async function setUp(options, violates = false) {
  const server = closeAfterTest(await startRenderServer({ seed: 7, ...options }), violates)
  const { world } = server
  const seeded = world.seed()
  const { apiKey, ownerId } = seeded

  const send = async (method, path, { body, key = apiKey, headers, signal } = {}) => {
    const response = await fetch(`${server.endpoint}${path}`, {
      method,
      signal,
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
  }
  /** Returns the body of an answer that must be a success. */
  const get = async (path, options) => {
    const { status, json, text } = await send('GET', path, options)
    assert.equal(status, 200, text)
    return json
  }
  /** Returns `[status, message]` of a refusal. */
  const refusal = async (method, path, options) => {
    const { status, json } = await send(method, path, options)
    return [status, json?.message]
  }
  const bodyFor = (changes, details) => ({
    type: 'web_service',
    name: 'box',
    ownerId,
    autoDeploy: 'no',
    image: { ownerId, imagePath: 'nginx' },
    envVars: [{ key: 'A', value: '1' }],
    serviceDetails: { runtime: 'image', ...details },
    ...changes,
  })
  const post = (changes, details) => send('POST', '/services', { body: bodyFor(changes, details) })
  const create = async (changes, details) => {
    const { status, json, text } = await post(changes, details)
    assert.equal(status, 201, text)
    return { ...json, id: json.service.id }
  }
  const list = async (query = '') => (await get(`/services${query}`)).map(({ service }) => service.name)
  return { server, world, ...seeded, send, get, refusal, bodyFor, post, create, list }
}
