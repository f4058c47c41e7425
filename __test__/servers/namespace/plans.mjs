// The steps of an instance's life.

/** @typedef {string | { status: string, shutdownReasons?: object[] }} Step */

/** @type {Record<string, Step[]>} */
export const PLANS = {
  runs: ['PENDING', 'CREATING', 'RUNNING'],
  fails: ['PENDING', 'CREATING', 'ERROR'],
  never: ['PENDING', 'CREATING'],
  /** Ready, and down at once: an instance ends with its container (docs/providers/namespace.md). */
  crashes: ['CREATING', 'RUNNING', 'ERROR'],
  vanishes: ['PENDING', 'CREATING', 'DESTROYED'],
}

/** The steps after DestroyInstance (docs/providers/namespace.md). */
export const ENDING = ['DESTROYING', 'DESTROYED']
