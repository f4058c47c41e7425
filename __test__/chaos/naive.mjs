// The client that this package exists to replace: a create without a handle, sent again after any failure, and a
// destroy that warns and resolves. The harness must find it guilty, or the harness proves nothing.

const ATTEMPTS = 4
const FIRST_WAIT_MILLISECONDS = 200

/**
 * @param {object} api see providers/*-plain.mjs
 * @param {number} speed
 */
export function createNaiveProvider(api, speed) {
  return {
    create: (options = {}) => repeat(() => api.create(options), speed),
    getById: (id) => repeat(() => api.get(id), speed),
    list: () => repeat(() => api.list(), speed),
    async destroy(id) {
      try {
        await repeat(() => api.delete(id), speed)
      } catch {
        // Here the old package printed a warning, and resolved.
      }
    },
  }
}

async function repeat(work, speed) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      const wait = FIRST_WAIT_MILLISECONDS * 2 ** attempt
      await new Promise((resolve) => {
        setTimeout(resolve, wait / speed)
      })
    }
  }
}
