// A round's fixture: the fake server with its faults and outages, the callers and their log of requests.
import { setTimeout as sleep } from 'node:timers/promises'

import { faultScheduleFor } from './plan.mjs'

/**
 * How long no request must come until the client counts as idle, on its clock. The longest wait between two requests is
 * shorter: 30 s of retry delay and 20 s of back-off.
 */
const IDLE_AFTER = 65_000

/** Longer than all background work may take: several searches of 270 s, and clean-ups of 300 s. */
const IDLE_LIMIT = 1_800_000

/**
 * @typedef {object} Caller one credential of one scenario
 * @property {string} token
 * @property {object} config of the provider
 * @property {number} seen requests so far
 * @property {object[]} log
 */

/**
 * Starts a round's server, and its outages.
 *
 * @param {object} options
 * @param {ReturnType<typeof import('./plan.mjs').planRound>} options.plan
 * @param {import('./harness.mjs').ChaosProvider} options.provider
 * @param {number} options.speed how many times as fast the client's clock runs
 */
export async function openFixture({ plan, provider, speed }) {
  const real = (milliseconds) => milliseconds / speed
  const scaled = ({ milliseconds, readsWithin, latest, ...rest }) => ({
    ...rest,
    ...(milliseconds && { milliseconds: real(milliseconds) }),
    ...(latest && { latest: real(latest) }),
    ...(readsWithin && { readsWithin: real(readsWithin) }),
  })
  const callers = new Map()
  const scenarioOfName = new Map()
  const scenarioById = new Map(plan.scenarios.map((scenario) => [scenario.id, scenario]))
  const faults = {}
  let faultsEnded = false
  let lastRequestAt = performance.now()

  const backend = await provider.start({
    seed: plan.seed,
    lag: scaled(plan.lag),
    stale: scaled(plan.stale),
    uniqueNames: plan.uniqueNames,
    deploymentOf: (name) => (faultsEnded ? undefined : scenarioOfName.get(name)?.deployment) ?? 'well',
  })
  const { server } = backend

  // Replaces the server's own queue of faults, because the seed decides what each request meets.
  server.faults.take = (request) => {
    lastRequestAt = performance.now()
    const { token, operation, name } = backend.describe(request)
    const caller = callers.get(token)
    if (!caller) return undefined
    if (name) scenarioOfName.set(name, caller.scenario)
    caller.seen += 1
    const known = Object.hasOwn(provider.operations, operation)
    const decision = faultsEnded || !known ? undefined : caller.schedule.next(operation)
    caller.log.push({ at: performance.now(), request, operation, fault: decision?.name })
    for (const listener of caller.listeners) listener()
    if (!decision) return undefined
    faults[decision.name] = (faults[decision.name] ?? 0) + 1
    return scaled(backend.adapt(decision.fault, { operation }))
  }

  /** Returns a scenario's caller, with a credential of its own. @returns {Caller} */
  function callerFor(scenario, name) {
    const token = `chaos-${scenario.id}-${name}`
    if (!callers.has(token)) {
      const config = {
        ...backend.configFor(scenario.location, token),
        ...(scenario.requestTimeoutMs && { requestTimeoutMs: scenario.requestTimeoutMs }),
      }
      const schedule = faultScheduleFor(scenario, name, plan, provider)
      callers.set(token, { scenario, name, token, config, schedule, seen: 0, log: [], listeners: new Set() })
    }
    return callers.get(token)
  }

  /** Calls `action` once, when the caller's request of this number arrives. @returns {() => void} cancels it */
  function onRequest(caller, number, action) {
    const listener = () => {
      if (caller.seen < number) return
      caller.listeners.delete(listener)
      action()
    }
    caller.listeners.add(listener)
    return () => caller.listeners.delete(listener)
  }

  const callersOf = (scenario) => [...callers.values()].filter((caller) => caller.scenario === scenario)

  function hasRetried({ log }) {
    const creates = log.filter(({ operation }) => operation === provider.creating)
    return new Set(creates.map(({ request }) => backend.describe(request).name)).size < creates.length
  }

  const opened = performance.now()
  const outages = holdOutages(server, plan.outages, real)

  return {
    backend,
    plan,
    speed,
    real,
    faults,
    outages,
    createDefaults: provider.createDefaults,
    callerFor,
    onRequest,
    opened,

    /** Waits so long, on the client's clock. */
    pause: (milliseconds) => sleep(real(milliseconds)),

    /** Waits until so long after the fixture's opening, on the client's clock. */
    reaches: (milliseconds) => sleep(Math.max(0, opened + real(milliseconds) - performance.now())),

    /** Ends faults, outages and failing deployments. */
    async endFaults() {
      faultsEnded = true
      await outages.end()
    },

    /** Waits until the client is idle. @returns {Promise<boolean>} whether that came in time */
    async untilIdle() {
      const end = performance.now() + real(IDLE_LIMIT)
      while (performance.now() < end) {
        await Promise.race([server.quiet(), sleep(real(IDLE_LIMIT), undefined, { ref: false })])
        const silence = performance.now() - lastRequestAt
        if (silence >= real(IDLE_AFTER)) return true
        await sleep(real(IDLE_AFTER) - silence + 1)
      }
      return false
    },

    /** Returns what the server has, each resource with its scenario. */
    live: () =>
      backend.live().map((resource) => ({
        ...resource,
        scenario: scenarioOfName.get(resource.name) ?? scenarioById.get(resource.scenarioId),
      })),

    callersOf,

    /** Returns the scenario's callers that have sent a create twice. The first request may still take effect. */
    retriers: (scenario) => callersOf(scenario).filter(hasRetried),

    /** Returns the scenarios in which a request met a fault. */
    faultyScenarios() {
      const faulty = [...callers.values()].filter(({ log }) => log.some(({ fault }) => fault))
      return new Set(faulty.map(({ scenario }) => scenario))
    },

    async close() {
      await outages.end()
      await backend.server.close()
    },
  }
}

/** Runs the outages: the server refuses connections, and cuts open ones. */
function holdOutages(server, planned, real) {
  const ending = new AbortController()
  const pause = (milliseconds) => sleep(real(milliseconds), undefined, { signal: ending.signal })
  const outages = {
    count: 0,
    /** How often an outage began or ended: an odd number during one. */
    changes: 0,
    async end() {
      ending.abort()
      await over
    },
  }
  const run = async () => {
    let now = 0
    for (const { at, milliseconds } of planned) {
      await pause(Math.max(0, at - now))
      outages.count += 1
      outages.changes += 1
      await server.stopListening()
      try {
        await pause(milliseconds)
      } finally {
        await server.listenAgain()
        outages.changes += 1
      }
      now = at + milliseconds
    }
  }
  const over = run().catch((error) => {
    if (error.name !== 'AbortError') throw error
  })
  return outages
}
