// Plays one story: the calls of its callers, their changes of mind, and what they do with what they got.
import { MEASURED } from './plan.mjs'

/** No call may take longer than this on its own clock, however bad the weather and however many wait before it. */
const STUCK_AFTER = 7_200_000

const IMAGE = 'acme/box:1'

/**
 * @typedef {object} Outcome
 * @property {'resolved' | 'rejected' | 'killed' | 'stuck'} status
 * @property {string} [id] resolved
 * @property {string} [code] rejected, with what else the error says
 * @property {string} [message]
 * @property {string} [instanceId]
 * @property {string} [resourceName]
 *
 * @typedef {object} StoryRecord
 * @property {import('./plan.mjs').Story} story
 * @property {{ plan: import('./plan.mjs').CallPlan, outcome: Outcome }[]} creates
 * @property {{ key: string, outcome: Outcome }[]} repeats calls with the key again, when all was quiet and well
 * @property {{ id: string, outcome: Outcome, again?: Outcome }[]} destroys `again`: of what could not be destroyed, when
 *   all was quiet and well
 * @property {Outcome[]} looks
 */

/**
 * @param {import('./plan.mjs').Story} story
 * @param {{ scene: object, client: Function, pool: ReturnType<typeof import('./processes.mjs').createPool> }} stage
 * @returns {Promise<StoryRecord>}
 */
export async function playStory(story, stage) {
  const record = { story, creates: [], repeats: [], destroys: [], looks: [] }
  for (const turns of [['first', 'child-1', 'child-2'], ['then', 'child-3']]) {
    const calls = story.calls.filter(({ turn }) => turns.includes(turn))
    const children = [...new Set(calls.map(({ turn }) => turn))].filter((turn) => turn.startsWith('child-'))
    const played = [
      ...calls.filter(({ turn }) => !children.includes(turn)).map((call) => create(story, call, stage)),
      ...children.map((child) => createInChild(story, child, stage)),
    ]
    record.creates.push(...(await Promise.all(played)).flat())
  }
  await end(record, stage)
  return record
}

/** Calls once more with each key that a story has used: one instance must come of it, the one that callers hold. */
export async function repeatKeys(record, { scene, client }) {
  const { story, creates, destroys } = record
  const destroyed = new Set(destroys.map(({ id }) => id))
  const finished = new Set(creates.filter(({ outcome }) => destroyed.has(outcome.id)).map(({ plan }) => plan.options.idempotencyKey))
  const keys = new Set(creates.map(({ plan }) => plan.options.idempotencyKey).filter((key) => key && !finished.has(key)))
  const provider = client(scene.voiceOf(story, 'afterwards').config)
  await Promise.all(
    [...keys].map(async (key) => {
      const options = withDefaults(story, { idempotencyKey: key }, scene)
      record.repeats.push({ key, outcome: await outcomeOf(provider.create(options), scene) })
    }),
  )
}

/** Destroys once more what could not be destroyed: now it must be gone, with all that its create has made. */
export async function repeatDestroys(record, { scene, client }) {
  const provider = client(scene.voiceOf(record.story, destroyerOf(record.story)).config)
  // Who was told to come back in an hour does not come now.
  const failed = record.destroys.filter(({ outcome: { status, code } }) => status === 'rejected' && code !== 'RATE_LIMITED')
  await Promise.all(
    failed.map(async (entry) => {
      entry.again = await outcomeOf(provider.destroy(entry.id), scene)
    }),
  )
}

async function create(story, plan, { scene, client }) {
  const voice = scene.voiceOf(story, plan.voice)
  const options = withDefaults(story, plan.options, scene)
  const undo = plan.abort ? armAbort(plan.abort, options, voice, scene) : () => {}
  const settling = timeSettling(voice, scene)
  const outcome = await outcomeOf(client(voice.config).create(options), scene)
  undo()
  // A create is measured only if it has its credential to itself, is not aborted and waits for nothing more.
  const isMeasured = MEASURED.includes(story.type) && !plan.abort && !options.waitUntilReady
  return { plan, outcome, ...(isMeasured && { settling: settling() }) }
}

/** @returns {() => { milliseconds: number, faults: string[] } | undefined} on the client's clock; nothing if an outage came */
function timeSettling({ log }, scene) {
  const began = performance.now()
  const { length } = log
  const { changes } = scene.outages
  return () => {
    if (changes % 2 === 1 || scene.outages.changes > changes) return undefined
    const milliseconds = (performance.now() - began) * scene.speed
    return { milliseconds, faults: log.slice(length).flatMap(({ fault }) => fault ?? []) }
  }
}

function armAbort({ request, after, before }, options, voice, scene) {
  const controller = new AbortController()
  options.signal = controller.signal
  if (before) controller.abort()
  if (request) return scene.onRequest(voice, voice.seen + request, () => controller.abort())
  const timer = after === undefined ? undefined : setTimeout(() => controller.abort(), scene.real(after))
  return () => clearTimeout(timer)
}

async function createInChild(story, child, { scene, pool }) {
  const voice = scene.voiceOf(story, child)
  const calls = story.calls.filter(({ turn }) => turn === child)
  const running = pool.run({
    config: voice.config,
    jobs: calls.map(({ options }) => withDefaults(story, options, scene)),
    limit: scene.real(STUCK_AFTER),
  })
  const killAt = story.kills?.[child]
  const undo = killAt ? scene.onRequest(voice, killAt, running.kill) : () => {}
  const outcomes = await running.outcomes
  undo()
  return calls.map((plan, index) => ({ plan, outcome: outcomes[index] }))
}

async function end(record, { scene, client }) {
  const { story } = record
  const held = [...new Set(record.creates.filter(({ outcome }) => outcome.status === 'resolved').map(({ outcome }) => outcome.id))]
  if (story.ending === 'keep' || held.length === 0) return
  const destroyer = scene.voiceOf(story, destroyerOf(story))
  const provider = client(destroyer.config)
  if (story.ending === 'look') {
    const calls = [...held.map((id) => provider.getById(id)), provider.list()]
    record.looks = await Promise.all(calls.map((call) => outcomeOf(call, scene)))
    return
  }
  // What a killed process has sent may still arrive, and nobody is left to look for it. Who destroys at once what the
  // same key gave in a new process can't be helped: the package promises to settle keys, not processes that are gone.
  const killed = record.creates.some(({ outcome }) => outcome.status === 'killed')
  // Only the process that has sent a create again looks for what the lost request makes late.
  const lostElsewhere = scene.repeaters(story).some((voice) => voice !== destroyer)
  if (killed || lostElsewhere) await scene.pause(scene.plan.latestEffect)
  record.destroys = await Promise.all(
    held.map(async (id) => ({ id, outcome: await outcomeOf(provider.destroy(id), scene) })),
  )
}

/** What another process made, or another credential, is not known to be ours: destroy has to look first. */
function destroyerOf({ ending, type, calls }) {
  return ending === 'destroy elsewhere' || type === 'processes' ? 'elsewhere' : calls[0].voice
}

function withDefaults(story, options, { createDefaults }) {
  return { image: IMAGE, envs: { CHAOS_STORY: story.id }, ...createDefaults, ...options }
}

/** @returns {Promise<Outcome>} */
async function outcomeOf(promise, scene) {
  let timer
  const stuck = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ status: 'stuck' }), scene.real(STUCK_AFTER))
  })
  const settled = promise.then(resolved, rejected)
  const outcome = await Promise.race([settled, stuck])
  clearTimeout(timer)
  return outcome
}

export const resolved = (value) => ({ status: 'resolved', id: value?.instanceId })

export const rejected = ({ code, message, instanceId, resourceName }) => ({
  status: 'rejected',
  code,
  message,
  instanceId,
  resourceName,
})
