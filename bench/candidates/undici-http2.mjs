/** undici's Pool again, allowed to speak HTTP/2 where the server offers it. */
import { open as openPool } from './undici.mjs'

export const open = (config) => openPool(config, { allowH2: true })
