// A client that retries blindly: it sends a create without a handle, sends it again after any failure, and its destroy
// warns and resolves. The fault tests must find violations in it; otherwise they prove nothing.
import { setTimeout as sleep } from 'node:timers/promises'

const ATTEMPTS = 4
const FIRST_WAIT_MILLISECONDS = 200

/**
 * @param {object} api one of plain-apis.mjs
 * @param {number} speed
 */
export function createNaiveProvider(api, speed) {
  return {
    create: async (options) => ({ instanceId: await repeat(() => api.create(options), speed) }),
    getById: (id) => repeat(() => api.get(id), speed),
    list: () => repeat(() => api.list(), speed),
    async destroy(id) {
      try {
        await repeat(() => api.delete(id), speed)
      } catch {
        // Gateway 0.3.24 printed a warning here, and resolved.
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
      await sleep((FIRST_WAIT_MILLISECONDS * 2 ** attempt) / speed)
    }
  }
}
