// Docker and Podman for the fault tests: real engines behind a proxy that injects faults. At the end the engine's own
// list is compared with what callers hold.
import { IMAGE, startEngine, whyNot } from '../../servers/docker/engine.mjs'
import { startProxy } from '../../servers/docker/proxy.mjs'
import { KINDS, withAndWithoutEffect } from '../faults.mjs'
import { derive } from '../seeds.mjs'
import { SCENARIO_VARIABLE } from './fake-server.mjs'

/** The labels that name a container's round and scenario. */
const ROUND = 'chaos.round'
const SCENARIO = 'chaos.scenario'

const TROUBLES = {
  docker: [{ message: 'driver failed programming external connectivity' }, { message: 'error creating overlay mount' }],
  podman: [
    { cause: 'database is locked', message: 'container create: database is locked', response: 500 },
    { cause: 'input/output error', message: 'mounting storage: input/output error', response: 500 },
  ],
}

/** A health check that never passes, so that no container counts as ready before it ends. */
const UNHEALTHY = { Healthcheck: { Test: ['CMD', '/bin/false'], Interval: 1e9, Timeout: 1e9, Retries: 1_000 } }

const COURSES = {
  well: {},
  failed: { Cmd: ['/bin/sh', '-c', 'sleep 0.2; exit 3'], ...UNHEALTHY },
  crashed: { Cmd: ['/bin/false'] },
  never: UNHEALTHY,
}

let rounds = 0

/** @returns {import('../harness.mjs').ChaosProvider} */
function define(kind, title) {
  let engine
  return {
    name: kind,
    title,
    skip: whyNot(kind),
    factory: 'docker',
    operations: {
      version: { timeout: 'read' },
      inspectImage: { timeout: 'read' },
      create: { timeout: 'create', effect: true },
      start: { timeout: 'create', effect: true },
      inspect: { timeout: 'read' },
      list: { timeout: 'read' },
      remove: { timeout: 'read', effect: true },
    },
    creating: 'create',
    starting: 'start',
    /** There is no credential: the proxy tells callers apart by the paths of their hosts. */
    callersHavePaths: true,
    /** An engine lets a name exist once. */
    namesAreIds: true,
    /** A start takes 100 ms or more of a whole processor. */
    pace: { speed: 4, concurrency: 24 },
    waits: { lag: 0, absence: 30_000 },
    createDefaults: { image: IMAGE },
    kinds: [
      ...KINDS,
      ...withAndWithoutEffect('engine error', (random, effect) => {
        return { kind: 'respond', status: 500, body: random.pick(TROUBLES[kind]), effect }
      }),
    ],
    locations: [[1, 'engine']],
    unreachable: { host: 'http://127.0.0.1:1', maxRetries: 0 },
    async start(options) {
      engine ??= startEngine(kind)
      return start(await engine, options)
    },
  }
}

/**
 * @param {import('../../servers/docker/engine.mjs').Engine} engine
 * @param {import('./fake-server.mjs').StartOptions} options
 */
async function start(engine, { deploymentOf }) {
  rounds += 1
  const round = String(rounds)
  const starts = new Map()

  const server = await startProxy(engine, {
    address: '0.0.0.0',
    keepsVersion: true,
    changeCreate(body, { query }) {
      const assignment = `${SCENARIO_VARIABLE}=`
      const scenario = body.Env?.find((text) => text.startsWith(assignment))?.slice(assignment.length)
      const labels = { ...body.Labels, [ROUND]: round, ...(scenario && { [SCENARIO]: scenario }) }
      return { ...body, Labels: labels, ...COURSES[deploymentOf(query.name)] }
    },
    onEffect({ operation, path }, { status }) {
      const id = operation === 'start' && status === 204 && /containers\/([0-9a-f]+)\/start/.exec(path)?.[1]
      if (id) starts.set(id, (starts.get(id) ?? 0) + 1)
    },
  })
  const ours = () => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`${ROUND}=${round}`] }))
    return engine.callNow('GET', `/containers/json?all=1&filters=${filters}`)
  }

  return {
    server: {
      ...server,
      get requests() {
        return server.requests
      },
      async close() {
        await server.close()
        // One after the other, so that other rounds are not slowed down.
        for (const { Id } of ours()) await engine.call('DELETE', `/containers/${Id}?force=1&v=1`)
      },
    },

    /**
     * An engine has no credentials, so callers differ by address. Callers of one process that share a key are one
     * tenant, and run one after the other: `b` has the address of `a`.
     *
     * @returns {object} the configuration of a caller
     */
    configFor(_location, token) {
      const caller = token.replace(/-b$/, '-a')
      return { host: server.urlFor(caller).replace('127.0.0.1', addressOf(caller)), network: 'none' }
    },

    describe: ({ caller, operation, query }) => ({
      operation,
      token: caller,
      name: operation === 'create' ? query.name : undefined,
    }),

    adapt: (fault) => fault,

    /** Returns what the engine lists, in any state. */
    live: () =>
      ours().map(({ Id, Names, Labels }) => ({
        id: Id,
        name: Names[0].slice(1),
        scenarioId: Labels[SCENARIO],
        starts: starts.get(Id) ?? 0,
        isIn: () => true,
        runsOutside: () => false,
      })),

    problems: () => server.errors.map((error) => `the proxy failed: ${error.stack}`),
  }
}

/** Returns one of 16 million addresses of this machine. */
function addressOf(token) {
  const number = derive(0, token)
  return `127.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${((number & 255) % 254) + 1}`
}

export const docker = define('docker', 'Docker')
export const podman = define('podman', 'Podman')
