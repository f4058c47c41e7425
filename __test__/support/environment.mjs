import { isUnwanted } from '../../scripts/lib/environment.mjs'

/**
 * Removes, on import, variables of a developer's shell: credentials that would hide a missing one, and a proxy that
 * would get the requests for a test's server.
 */
for (const name of Object.keys(process.env)) {
  if (isUnwanted(name)) delete process.env[name]
}

// Imported only then, because it loads the package.
if (process.env.WATCH_EVENTS) await import('./event-watch.mjs')

/** Sets variables of `process.env` until the test ends; `undefined` removes one. */
export function setEnvironment(t, variables) {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name]
    t.after(() => put(name, before))
    put(name, value)
  }
}

function put(name, value) {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
