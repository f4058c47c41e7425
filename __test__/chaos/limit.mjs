/**
 * Limits how many tasks run at once, first come, first served. The client's clock runs fast, so a delay of this machine
 * is a long delay of the server. If healthy requests time out, a run tests the machine.
 *
 * @param {number} permits
 */
export function createLimit(permits) {
  const waiting = []
  let free = permits
  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
