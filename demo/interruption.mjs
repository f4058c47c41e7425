import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** npm hands on a signal that the terminal has sent to the demo already: so soon after the first it is the same one. */
const ECHO_MILLISECONDS = 1000

/**
 * Turns the first Ctrl-C (or SIGTERM, SIGHUP) into an abort, so that the demo can clean up, and a second one into the
 * end.
 *
 * @param {{ onFirst: () => void, onSecond: () => void }} tell
 */
export function listenForInterruption({ onFirst, onSecond }) {
  const controller = new AbortController()
  let received
  let since

  const listener = (name) => {
    if (received === undefined) {
      received = name
      since = performance.now()
      onFirst()
      controller.abort()
    } else if (performance.now() - since > ECHO_MILLISECONDS) {
      onSecond()
      process.exit(exitCode())
    }
  }
  const exitCode = () => 128 + constants.signals[received]
  for (const name of SIGNALS) process.on(name, listener)

  return {
    signal: controller.signal,
    get happened() {
      return received !== undefined
    },
    /** What a shell expects of a process that a signal has ended. */
    get exitCode() {
      return exitCode()
    },
    stop() {
      for (const name of SIGNALS) process.off(name, listener)
    },
  }
}
