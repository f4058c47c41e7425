// Responses that drift from what is known of them: a field that is information takes another type, or goes missing.

/** What a field is replaced by; `MISSING` takes it away. */
export const MISSING = Symbol('missing')
export const VALUES = [MISSING, null, true, false, 7, 1.5, 'text', [], [{}], {}, { a: 1 }]

/** Paths of fields that are needed: id, scope, whether it is gone, the next cursor; and what holds them. */
export const NEEDED = {
  railway: [
    /^data(\.(serviceCreate|serviceInstance|service|environments?|project|serviceDelete))?$/,
    /^data\.serviceCreate\.id$/,
    /(serviceId|environmentId|projectId|deletedAt|\.service|serviceInstances)$/,
    /(^|\.)edges(\.\d+(\.node)?)?$/,
    /pageInfo/,
    /environments\.edges\.\d+\.node\./,
  ],
  render: [/^(\d+\.)?service$/, /^((\d+\.)?service\.)?(id|ownerId|type)$/, /^\d+$/, /parentServer/],
  namespace: [/^metadata$/, /instanceId$/, /^instances(\.\d+)?$/, /destroyedAt$/, /^paginationCursor$/],
  vercel: [/^sandbox$/, /^(sandbox|sandboxes\.\d+)\.name$/, /^sandboxes(\.\d+)?$/, /^pagination(\.next)?$/],
}

/** The paths in a body: `data.service.id`, `0.service.name`. */
export function* pathsOf(json, before = '') {
  if (json === null || typeof json !== 'object') return
  for (const [key, value] of Object.entries(json)) {
    const path = before ? `${before}.${key}` : key
    yield path
    yield* pathsOf(value, path)
  }
}

export function withValue(json, path, value) {
  const changed = structuredClone(json)
  const keys = path.split('.')
  const last = keys.pop()
  const holder = keys.reduce((at, key) => at[key], changed)
  if (value === MISSING) delete holder[last]
  else holder[last] = value
  return changed
}

/** What finds a create's own resource again, and the commands in which one is looked for by its place. */
const IDENTIFYING = /name$|labels|tags|^key$|^value$|variables|^commands?(\.|$)/i

/**
 * A fault of the fake servers that changes one field of information.
 *
 * @param {string} provider
 * @param {{ pick: <T>(list: T[]) => T }} random
 */
export const drift = (provider, random) => ({
  kind: 'replace',
  map(json) {
    const isInformation = (path) => !IDENTIFYING.test(path) && !NEEDED[provider].some((pattern) => pattern.test(path))
    const paths = [...pathsOf(json)].filter(isInformation)
    return paths.length === 0 ? json : withValue(json, random.pick(paths), random.pick(VALUES))
  },
})
