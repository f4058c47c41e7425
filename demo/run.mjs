// Runs a demo to its end, to Ctrl-C or to its time limit. Then the demo ends what it has started.
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

import { duration } from './screen.mjs'

/** npm repeats a signal that the terminal has sent to the demo. Within this time it counts as the same signal. */
const ECHO_MILLISECONDS = 1000

/** Aborts at the first Ctrl-C (or SIGTERM, SIGHUP), and ends the process at the second one. */
export function listenForInterruption(screen, first, second) {
  const controller = new AbortController()
  let since
  const listener = (name) => {
    if (since === undefined) {
      since = performance.now()
      process.exitCode = 128 + constants.signals[name]
      screen.line(`${screen.paint('yellow', '!')} ${first}`)
      controller.abort(new Error('interrupted'))
    } else if (performance.now() - since > ECHO_MILLISECONDS) {
      screen.result(false, second)
      process.exit()
    }
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, listener)
  return controller.signal
}

/** Runs a demo. `show(unless, fail)` returns what was shown, `close(failure)` whether nothing is left, and a text. */
export async function runDemo(screen, limitMilliseconds, show, close) {
  const start = performance.now()
  const first = 'Interrupted: ending what was started. Once more ends it at once.'
  const signal = listenForInterruption(screen, first, 'Ended at once, with all that was started.')
  let fail, failure
  const over = new Promise((_, reject) => (fail = reject))
  over.catch(() => {})
  signal.addEventListener('abort', () => fail(signal.reason))
  setTimeout(() => fail(new Error(`not done within ${duration(limitMilliseconds)}`)), limitMilliseconds).unref()
  // A call may fail a moment before the demo sees the reason for it.
  const explain = (thrown) => Promise.race([over, sleep(500, thrown)]).catch((reason) => reason)
  const run = show((promise) => Promise.race([promise, over]), fail)
  const shown = await run.catch(async (error) => (failure = await explain(error)))
  const unknown = (error) => [false, 'what is left is unknown', (failure ??= error)]
  const [isClean, left] = await close(failure).catch(unknown)
  setTimeout(() => process.exit(), 1000).unref() // although for example a client holds a connection
  if (!isClean || (failure && !signal.aborted)) process.exitCode = 1
  if (signal.aborted) return screen.result(isClean, `Interrupted: ${left}.`)
  if (failure) screen.result(false, `The demo failed: ${failure.message.replace(/\.$/, '')}.`)
  screen.result(isClean, failure ? `${left}.` : `${shown}, in ${duration(performance.now() - start)}. ${left}.`)
}
