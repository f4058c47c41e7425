/** The package itself, as shipped: the loader, then the binary beside it or the one that the environment names. */
import { railway } from '../../index.js'

export const open = (config) => railway(config)
