// Publishes packed packages in an order in which an interrupted run breaks no installation, and can run again.
import { setTimeout as sleep } from 'node:timers/promises'

import { Failure } from '../lib/failure.mjs'

const LOOK_EVERY_MILLISECONDS = 5_000
const LOOKS = 120

/**
 * Publishes the platform packages first, so that the root package never names a missing one. Packages that the registry
 * has already are only compared. `look` resolves to the integrity that the registry has, `publish` to `{ ok, output }`.
 *
 * @param {import('./release-file.mjs').Packed[]} packages platforms first, root last
 * @returns {Promise<{ published: string[], skipped: string[] }>}
 */
export async function publishAll(packages, { look, publish, report, wait = () => sleep(LOOK_EVERY_MILLISECONDS) }) {
  const published = []
  const skipped = []
  // Before anything is sent, so that no version mixes packages of two builds.
  for (const packed of packages) if (isThere(packed, await look(packed))) skipped.push(packed.name)

  for (const packed of packages) {
    const id = `${packed.name}@${packed.version}`
    if (skipped.includes(packed.name)) {
      report(`${id} is published already, with these contents`)
      continue
    }
    const { ok, output } = await publish(packed)
    // An answer may have been lost, and a published package may not be visible at once. So the registry decides.
    if (!ok && !isThere(packed, await look(packed))) throw new Failure(`${output}\n${id} could not be published.`)
    await untilThere(packed, look, wait)
    published.push(packed.name)
    report(`${id} published`)
  }
  return { published, skipped }
}

async function untilThere(packed, look, wait) {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    if (isThere(packed, await look(packed))) return
    await wait()
  }
  throw new Failure(`${packed.name}@${packed.version} was sent, and the registry still does not show it.`)
}

function isThere({ name, version, integrity }, found) {
  if (found === undefined) return false
  if (found === integrity) return true
  throw new Failure(
    `${name}@${version} is published already, with other contents (${found}, here ${integrity}). ` +
      'A published version cannot be replaced: raise the version.',
  )
}
