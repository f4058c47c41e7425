// Causes panics in the build with test hooks, which the variable ADDON names. Each has to become an error.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const addon = createRequire(import.meta.url)(process.env.ADDON)

const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => addon.__panicInWork()))
assert.ok(outcomes.every(({ reason }) => reason?.code === 'INTERNAL'), 'a rejection of each')
assert.throws(() => addon.__panicInMethod())
console.log('101 panics, 101 errors')
