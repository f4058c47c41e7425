// One round's server: its weather, its outages, its log of who asked for what, and when it has come to rest.
import { setTimeout as sleep } from 'node:timers/promises'

import { weatherFor } from './plan.mjs'

/**
 * So long without a request, on the client's clock, and none is to come: longer than its longest wait between two
 * requests, which is 30 s of the server's own wish and 20 s of back-off on top.
 */
const SILENCE = 65_000

/** Longer than all background work may take together: searches of 270 s, a removal of 300 s, a few times over. */
const SETTLE_LIMIT = 1_800_000

/**
 * @typedef {object} Voice one credential of one story
 * @property {string} token
 * @property {object} config of the provider
 * @property {number} seen requests so far
 * @property {object[]} log
 */

/**
 * @param {object} options
 * @param {ReturnType<typeof import('./plan.mjs').planRound>} options.plan
 * @param {import('./harness.mjs').ChaosProvider} options.provider
 * @param {number} options.speed how many times as fast the client's clock runs
 */
export async function openScene({ plan, provider, speed }) {
  const real = (milliseconds) => milliseconds / speed
  const scaled = ({ milliseconds, readsWithin, ...rest }) => ({
    ...rest,
    ...(milliseconds && { milliseconds: real(milliseconds) }),
    ...(readsWithin && { readsWithin: real(readsWithin) }),
  })
  const voices = new Map()
  const storyOfName = new Map()
  const storyById = new Map(plan.stories.map((story) => [story.id, story]))
  const faults = {}
  let calm = false
  let lastRequestAt = performance.now()

  const place = await provider.start({
    seed: plan.seed,
    lag: scaled(plan.lag),
    stale: scaled(plan.stale),
    uniqueNames: plan.uniqueNames,
    deploymentOf: (name) => (calm ? undefined : storyOfName.get(name)?.deployment) ?? 'well',
  })
  const { server } = place

  // Instead of the server's own queue: here the seed says what each request meets.
  server.faults.take = (request) => {
    lastRequestAt = performance.now()
    const { token, operation, name } = place.describe(request)
    const voice = voices.get(token)
    if (!voice) return undefined
    if (name) storyOfName.set(name, voice.story)
    voice.seen += 1
    const known = Object.hasOwn(provider.operations, operation)
    const decision = calm || !known ? undefined : voice.weather.next(operation)
    voice.log.push({ at: performance.now(), request, operation, fault: decision?.name })
    for (const listener of voice.listeners) listener()
    if (!decision) return undefined
    faults[decision.name] = (faults[decision.name] ?? 0) + 1
    return scaled(place.adapt(decision.fault, { operation }))
  }

  /** A story's credential; made when it is first asked for. @returns {Voice} */
  function voiceOf(story, name) {
    const token = `chaos-${story.id}-${name}`
    if (!voices.has(token)) {
      const config = {
        ...place.configFor(story.place, token),
        ...(story.requestTimeoutMs && { requestTimeoutMs: story.requestTimeoutMs }),
      }
      const weather = weatherFor(story, name, plan, provider)
      voices.set(token, { story, name, token, config, weather, seen: 0, log: [], listeners: new Set() })
    }
    return voices.get(token)
  }

  /** Calls `action` once, when the voice's request of this number arrives. @returns {() => void} undoes it */
  function onRequest(voice, number, action) {
    const listener = () => {
      if (voice.seen < number) return
      voice.listeners.delete(listener)
      action()
    }
    voice.listeners.add(listener)
    return () => voice.listeners.delete(listener)
  }

  function hasRepeated({ log }) {
    const creates = log.filter(({ operation }) => operation === provider.creating)
    return new Set(creates.map(({ request }) => place.describe(request).name)).size < creates.length
  }

  const opened = performance.now()
  const outages = holdOutages(server, plan.outages, real)

  return {
    place,
    plan,
    speed,
    real,
    faults,
    outages,
    createDefaults: provider.createDefaults,
    voiceOf,
    onRequest,
    opened,

    /** On the client's clock. */
    pause: (milliseconds) => sleep(real(milliseconds)),

    /** Resolves so long after the scene's opening, on the client's clock. */
    reaches: (milliseconds) => sleep(Math.max(0, opened + real(milliseconds) - performance.now())),

    /** From now on everything goes well. */
    async calm() {
      calm = true
      await outages.end()
    },

    /** Waits until nothing has been asked for a while. @returns {Promise<boolean>} whether that came true in time */
    async settled() {
      const end = performance.now() + real(SETTLE_LIMIT)
      while (performance.now() < end) {
        await Promise.race([server.quiet(), sleep(real(SETTLE_LIMIT), undefined, { ref: false })])
        const silence = performance.now() - lastRequestAt
        if (silence >= real(SILENCE)) return true
        await sleep(real(SILENCE) - silence + 1)
      }
      return false
    },

    /** What the server has, with the story that each resource belongs to. */
    live: () =>
      place.live().map((resource) => ({
        ...resource,
        story: storyOfName.get(resource.name) ?? storyById.get(resource.mark),
      })),

    voicesOf: (story) => [...voices.values()].filter((voice) => voice.story === story),

    /** The story's voices that have sent a create twice, although the first may still take effect. @returns {Voice[]} */
    repeaters: (story) =>
      [...voices.values()].filter((voice) => voice.story === story && hasRepeated(voice)),

    /** Creates that met at least one fault, told by their voices. */
    faultyStories: () => new Set([...voices.values()].filter(({ log }) => log.some(({ fault }) => fault)).map(({ story }) => story)),

    async close() {
      await outages.end()
      await place.server.close()
    },
  }
}

/** Times in which connections are refused, and those open are cut. */
function holdOutages(server, planned, real) {
  const ending = new AbortController()
  const state = { count: 0, changes: 0 }
  const run = async () => {
    let now = 0
    for (const { at, milliseconds } of planned) {
      await sleep(real(Math.max(0, at - now)), undefined, { signal: ending.signal })
      state.count += 1
      state.changes += 1
      await server.stopListening()
      try {
        await sleep(real(milliseconds), undefined, { signal: ending.signal })
      } finally {
        await server.listenAgain()
        state.changes += 1
      }
      now = at + milliseconds
    }
  }
  const over = run().catch((error) => {
    if (error.name !== 'AbortError') throw error
  })
  return {
    get count() {
      return state.count
    },
    /** How often one began or ended: an odd number while one lasts. */
    get changes() {
      return state.changes
    },
    async end() {
      ending.abort()
      await over
    },
  }
}
