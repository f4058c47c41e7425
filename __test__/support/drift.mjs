// Responses that differ from the known ones: a field that is only information has another type, or is missing.

/** The values that replace a field; `MISSING` removes it. */
export const MISSING = Symbol('missing')
export const VALUES = [MISSING, null, true, false, 7, 1.5, 'text', [], [{}], {}, { a: 1 }]

/** The paths of needed fields (id, scope, deletion, next cursor) and of what contains them. */
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

/** Yields what is in a body, each with its path, as `0.service.id`. @returns {Iterable<[string, any]>} */
export function* entriesOf(json, before = '') {
  if (json === null || typeof json !== 'object') return
  for (const [key, value] of Object.entries(json)) {
    const path = before ? `${before}.${key}` : key
    yield [path, value]
    yield* entriesOf(value, path)
  }
}

/** Returns the paths in a body. */
export const pathsOf = (json) => Array.from(entriesOf(json), ([path]) => path)

export function withValue(json, path, value) {
  const changed = structuredClone(json)
  const keys = path.split('.')
  const last = keys.pop()
  const holder = keys.reduce((at, key) => at[key], changed)
  if (value === MISSING) delete holder[last]
  else holder[last] = value
  return changed
}

/** The fields by which a create finds its resource, and lists of commands, in which the order counts. */
const IDENTIFYING = /name$|labels|tags|^key$|^value$|variables|^commands?(\.|$)/i

/**
 * Returns a fault of the fake servers that changes one field of information.
 *
 * @param {string} provider
 * @param {{ pick: <T>(list: T[]) => T }} random
 */
export const drift = (provider, random) => ({
  kind: 'replace',
  map(json) {
    const isInformation = (path) => !IDENTIFYING.test(path) && !NEEDED[provider].some((pattern) => pattern.test(path))
    const paths = pathsOf(json).filter(isInformation)
    return paths.length === 0 ? json : withValue(json, random.pick(paths), random.pick(VALUES))
  },
})
