/** Railway's calls on undici's Pool, the quickest HTTP client that Node has. */
import { Pool } from 'undici'

import { createRailwayClient } from './railway-client.mjs'

/** As many as the package opens at most for one credential (src/http/tenancy.rs). */
const CONNECTIONS = 128

export function open({ baseUrl, ...config }, { allowH2 = false } = {}) {
  const pool = new Pool(baseUrl, { connections: CONNECTIONS, allowH2 })
  return createRailwayClient(config, async (path, headers, body) => {
    const response = await pool.request({ path, method: 'POST', headers, body })
    return { status: response.statusCode, json: () => response.body.json() }
  })
}
