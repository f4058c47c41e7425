/**
 * The package itself, as shipped: the loader, then the binary beside it or the one that the environment names. The environment
 * may also name the `index.js` of another checkout.
 */
import { createRequire } from 'node:module'

const entry = process.env.GATEWAY_ENTRY ?? '../../index.js'
const { railway } = createRequire(import.meta.url)(entry)

export const open = (config) => railway(config)
