import { setTimeout as sleep } from 'node:timers/promises'

const DESTROY_TRIES = 3
const PAUSE_MILLISECONDS = 1000
/** An accepted deletion may take its time, as of a machine that has to shut down; meanwhile the instance is stopped. */
const GOING_MILLISECONDS = 120_000
const FIRST_LOOK_MILLISECONDS = 100

/**
 * create → getById → list → destroy → getById. Whatever happens on the way, what was created is destroyed; if that
 * cannot be done, the error says what is left (`left`).
 *
 * @param {object} scene
 * @param {object} scene.provider
 * @param {string} scene.thing
 * @param {object} scene.request options of `create`, with a `name`
 * @param {string[]} scene.remarks about the request
 * @param {import('./screen.mjs').Screen} scene.screen
 * @param {AbortSignal} scene.signal
 * @param {number} scene.settleMilliseconds how long a create that was given up may still take effect
 */
export async function tour(scene) {
  const { provider, thing, request, remarks, screen, signal } = scene
  let instanceId
  try {
    const created = await screen.step(
      'create',
      () => provider.create({ ...request, signal }),
      ({ instance, instanceId: id }) => [`${instance.name}, ${instance.status}`, `id ${id}`, ...remarks],
    )
    instanceId = created.instanceId
    await screen.step(
      'getById',
      () => provider.getById(instanceId, { signal }).then((found) => expectFound(found, thing)),
      ({ instance }) => `found, ${instance.status}`,
    )
    await screen.step(
      'list',
      () => provider.list({ signal }).then((all) => expectListed(all, instanceId, thing)),
      (all) => `${count(all.length, thing)}, the new one among them`,
    )
    await remove(scene, instanceId, signal)
  } catch (error) {
    if (mayHaveLeft(error, instanceId, signal)) await cleanUp(scene, instanceId ?? error.instanceId)
    throw error
  }
}

/** Destroys and looks whether it is gone. */
async function remove({ provider, thing, screen }, instanceId, signal) {
  await screen.step(
    'destroy',
    () => provider.destroy(instanceId, { signal }),
    () => 'accepted',
  )
  await screen.step(
    'getById',
    () => untilGone({ provider, thing, signal, instanceId }),
    () => 'null: it is gone',
    'waiting until it is gone',
  )
}

/** A create that was refused has left nothing; only where that is not sure does its error name what may exist. */
function mayHaveLeft(error, instanceId, signal) {
  return Boolean(instanceId ?? error.instanceId ?? error.resourceName) || signal.aborted
}

async function cleanUp(scene, knownId) {
  const { provider, thing, request, screen, settleMilliseconds } = scene
  const left = { name: request.name, instanceId: knownId }
  try {
    left.instanceId ??= await screen.step(
      'list',
      () => findByName(provider, request.name, settleMilliseconds),
      (id) => (id ? `found ${request.name}` : `no ${thing} called ${request.name}`),
      `looking for what the create may still make, up to ${settleMilliseconds / 1000} s`,
    )
    if (left.instanceId === undefined) return
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await remove(scene, left.instanceId)
      } catch (error) {
        if (attempt === DESTROY_TRIES) throw error
        await sleep(PAUSE_MILLISECONDS * attempt)
      }
    }
  } catch (error) {
    error.left = left
    throw error
  }
}

/** The request was given up, and the provider may still be at it: one look is not enough. */
async function findByName(provider, name, settleMilliseconds) {
  const end = performance.now() + settleMilliseconds
  for (;;) {
    const all = await provider.list()
    const found = all.find(({ instance }) => instance.name === name)
    if (found) return found.instanceId
    if (performance.now() >= end) return undefined
    await sleep(Math.min(PAUSE_MILLISECONDS, settleMilliseconds))
  }
}

function expectFound(found, thing) {
  if (found === null) throw new Error(`null, although the ${thing} was just created`)
  return found
}

function expectListed(all, instanceId, thing) {
  if (!all.some((entry) => entry.instanceId === instanceId)) throw new Error(`the new ${thing} is not among them`)
  return all
}

async function untilGone({ provider, thing, signal, instanceId }) {
  const end = performance.now() + GOING_MILLISECONDS
  for (let wait = FIRST_LOOK_MILLISECONDS; ; wait = Math.min(PAUSE_MILLISECONDS, wait * 2)) {
    const found = await provider.getById(instanceId, { signal })
    if (found === null) return
    if (found.instance.status !== 'stopped' || performance.now() > end) throw new Error(`the ${thing} is still there`)
    await sleep(wait, undefined, { signal })
  }
}

const count = (number, thing) => `${number} ${thing}${number === 1 ? '' : 's'}`
