// A server with a seeded project, and a client for it, for the tests of this folder.
import assert from 'node:assert/strict'

import { closeAfterTest } from '../shared/test-servers.mjs'
import { startVercelServer } from './index.mjs'

/** @param {import('./index.mjs').VercelOptions} [options] */
export async function setUp(options) {
  const server = closeAfterTest(await startVercelServer({ seed: 7, ...options }))
  const { world } = server
  const seeded = world.seed()
  const { token, teamId, projectId } = seeded

  /** @param {string} path with its query; by default the team is added */
  const send = (method, path, { body, headers, team = teamId, signal } = {}) => {
    const url = new URL(`${server.url}${path}`)
    if (team) url.searchParams.append('teamId', team)
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers }
    return fetch(url, { method, headers: all, signal, ...(payload !== undefined && { body: payload }) })
  }

  const call = async (...parameters) => {
    const response = await send(...parameters)
    return { status: response.status, headers: response.headers, json: await response.json() }
  }

  /** Returns the body of a success. */
  const data = async (...parameters) => {
    const { status, json } = await call(...parameters)
    assert.equal(status, 200, JSON.stringify(json))
    return json
  }

  /** Returns `status code` of a refusal. */
  const refused = async (...parameters) => {
    const { status, json } = await call(...parameters)
    assert.ok(status >= 400, `${status}`)
    return `${status} ${json.error.code}`
  }

  const create = (body, options) =>
    data('POST', '/v3/sandboxes', { body: { projectId, persistent: false, ...body }, ...options })
  const createRefused = (body, options) =>
    refused('POST', '/v3/sandboxes', { body: { projectId, ...body }, ...options })
  const get = (name, query = '') => data('GET', `/v2/sandboxes/${name}?projectId=${projectId}${query}`)
  const getRefused = (name, query = '') => refused('GET', `/v2/sandboxes/${name}?projectId=${projectId}${query}`)
  const list = (query = '') => data('GET', `/v2/sandboxes?project=${projectId}${query}`)
  const remove = (name) => data('DELETE', `/v2/sandboxes/${name}?projectId=${projectId}`)
  const removeRefused = (name) => refused('DELETE', `/v2/sandboxes/${name}?projectId=${projectId}`)
  const names = async (query) => (await list(query)).sandboxes.map(({ name }) => name)

  const requests = { create, createRefused, get, getRefused, list, names, remove, removeRefused }
  return { server, world, ...seeded, send, call, data, refused, ...requests }
}

/** Returns the recorded violations by kind, and clears them. */
export function takeViolations({ violations }) {
  return violations.splice(0).map(({ kind }) => kind)
}
