// Fixtures with real engines behind the proxy that injects faults, for the behaviour suite and for Docker's own tests.
import { after } from 'node:test'

import { docker } from '@computesdk/gateway'

import { DEFAULT_IMAGE, IMAGE, KINDS, startEngine, whyNot } from '../servers/docker/engine.mjs'
import { startProxy } from '../servers/docker/proxy.mjs'
import { closedAfterTest, createFixture } from './fixture.mjs'

export { DEFAULT_IMAGE, IMAGE, KINDS, whyNot }

/** An id of the right form, without a container. */
export const ABSENT_ID = 'f'.repeat(64)

/** A health check that never passes: no container counts as running before it ends. */
const UNHEALTHY = { Healthcheck: { Test: ['CMD', '/bin/false'], Interval: 1e9, Timeout: 1e9, Retries: 1_000 } }

/** The courses of new containers. */
const PLANS = { runs: {}, fails: { Cmd: ['/bin/sh', '-c', 'sleep 0.1; exit 3'], ...UNHEALTHY }, never: UNHEALTHY }

const engines = new Map()

/** Returns the engine of this kind. The tests of a file share it, and it is stopped at the file's end. */
export function engineOf(kind) {
  if (!engines.has(kind)) engines.set(kind, startEngine(kind))
  return engines.get(kind)
}

after(async () => {
  await Promise.all([...engines.values()].map(async (engine) => (await engine).stop()))
})

/** Calls `define` for each kind of engine, in a suite that is skipped with a reason if it cannot be started. */
export function forEachEngine(describe, define) {
  for (const kind of KINDS) describe(kind, { skip: whyNot(kind) }, () => define(kind))
}

/**
 * Empties an engine, and makes a proxy before it and a provider. The caller closes it.
 *
 * @param {string} kind
 * @param {object} [options]
 * @param {object} [options.proxy] see servers/docker/proxy.mjs
 * @param {import('@computesdk/gateway').DockerConfig} [options.config] besides the defaults
 */
async function startFixture(kind, { proxy: proxyOptions, config } = {}) {
  const engine = await engineOf(kind)
  engine.removeAll()
  let plan = 'runs'
  const changeCreate = (body) => ({ ...body, ...PLANS[plan] })
  const server = await startProxy(engine, { changeCreate, keepsVersion: kind === 'podman', ...proxyOptions })
  // These engines have no bridge.
  const fixture = createFixture({ server, factory: docker, base: { host: server.url, network: 'none' }, config })
  return {
    ...fixture,
    engine,
    make: fixture.makeProvider,
    /** Returns the ids of all containers. */
    existing: () => engine.callNow('GET', '/containers/json?all=1').map(({ Id }) => Id),
    inspect: (id) => engine.callNow('GET', `/containers/${id}/json`),
    /** Makes a container that is not the package's. */
    addOther(body = {}) {
      return engine.callNow('POST', '/containers/create', { Image: IMAGE, HostConfig: { NetworkMode: 'none' }, ...body }).Id
    },
    /** Returns the variables of a container, without those that Podman adds. */
    variablesOf(id) {
      const variables = engine.callNow('GET', `/containers/${id}/json`).Config.Env ?? []
      const entries = variables.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)])
      return Object.fromEntries(entries.filter(([name]) => !['PATH', 'TERM', 'container', 'HOME', 'HOSTNAME'].includes(name)))
    },
    plan: (name) => (plan = name),
    pageSmall: () => {},
  }
}

/** Starts the same, and closes it when the test ends. @param {import('node:test').TestContext} t */
export const withEngine = (t, kind, options) => closedAfterTest((given) => startFixture(kind, given))(t, options)

/** The engines as entries of the behaviour suite; see support/providers.mjs. */
export const ENGINES = Object.fromEntries(
  KINDS.map((kind) => [
    kind,
    {
      title: 'Docker',
      factory: 'docker',
      skip: whyNot(kind),
      ownFields: ['containerId'],
      absentId: ABSENT_ID,
      badIds: ['x', 'f'.repeat(11), 'F'.repeat(64), 'g'.repeat(64), 'f'.repeat(65), '../containers'],
      credentials: [],
      image: IMAGE,
      start: () => startFixture(kind),
    },
  ]),
)
