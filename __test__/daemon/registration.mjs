// Registers the daemon's address at the gateway, repeatedly.
import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_PAUSE_MILLISECONDS = 100
const REQUEST_MILLISECONDS = 5000

/**
 * Registers with growing pauses until the gateway accepts, then at each heartbeat, so that a restarted gateway knows
 * the daemon again. The token tells the gateway which sandbox this is.
 *
 * @param {object} options
 * @param {string} options.gatewayUrl
 * @param {string} options.accessToken
 * @param {string} options.url where the daemon listens
 * @param {number} options.heartbeatMilliseconds
 * @param {number} options.lonelyMilliseconds time without an accepting gateway after which `onLonely` is called
 * @param {(state: string) => void} options.onState gets changes only
 * @param {() => void} options.onLonely
 */
export async function registerForever(options) {
  const { heartbeatMilliseconds, lonelyMilliseconds, onState, onLonely } = options
  let known = performance.now()
  let state
  let pause = FIRST_PAUSE_MILLISECONDS
  for (;;) {
    const answer = await register(options)
    if (answer !== state) onState((state = answer))
    if (answer === 'registered') {
      known = performance.now()
      pause = FIRST_PAUSE_MILLISECONDS
    } else if (performance.now() - known > lonelyMilliseconds) return onLonely()
    await sleep(answer === 'registered' ? heartbeatMilliseconds : pause)
    if (answer !== 'registered') pause = Math.min(pause * 1.5, heartbeatMilliseconds)
  }
}

async function register({ gatewayUrl, accessToken, url }) {
  try {
    const answer = await fetch(`${gatewayUrl.replace(/\/+$/, '')}/internal/daemons`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url }),
      redirect: 'error', // the token is for this gateway only
      signal: AbortSignal.timeout(REQUEST_MILLISECONDS),
    })
    await answer.body?.cancel()
    return answer.ok ? 'registered' : `the gateway answers ${answer.status}`
  } catch {
    return 'the gateway does not answer'
  }
}
