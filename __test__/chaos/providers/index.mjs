import { railway } from './railway.mjs'

/** @type {Record<string, import('../harness.mjs').ChaosProvider>} */
export const PROVIDERS = { railway }
