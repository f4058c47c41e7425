/**
 * Lets at most so many at once do their work, in the order of asking. Together they may not ask more of this machine
 * than it can do: a clock that runs fast turns every delay of ours into one of the server's, and a run in which healthy
 * requests time out tests the machine.
 */
export function createLimit(places) {
  const waiting = []
  let free = places
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
