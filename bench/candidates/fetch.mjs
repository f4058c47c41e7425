/** Railway's calls on the `fetch` that Node brings. */
import { createRailwayClient } from './railway-client.mjs'

export function open({ baseUrl, ...config }) {
  return createRailwayClient(config, (path, headers, body) => fetch(baseUrl + path, { method: 'POST', headers, body }))
}
