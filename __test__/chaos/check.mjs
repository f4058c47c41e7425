// Compares what callers hold with what the server has.

/** The violations that fail a run. */
export const VIOLATIONS = ['leaked', 'duplicated', 'missing', 'unfinished', 'wrong location', 'unsettled', 'stuck']

/** Part of a create's error message when the clean-up has failed. */
const NOT_REMOVED = /could not be removed/

/**
 * @typedef {object} CheckResult
 * @property {Record<string, string[]>} violations by name, each with the resources or calls concerned
 * @property {boolean} failed
 * @property {number} held resources that a caller holds
 * @property {number} reported resources that no caller holds, and that an error names
 */

/**
 * Checks one scenario.
 *
 * @param {import('./scenario.mjs').ScenarioRecord} record
 * @param {object[]} resources what the server has of this scenario
 * @param {object} circumstances
 * @param {number} circumstances.mostStarts how often a resource's process may have been started
 * @returns {CheckResult}
 */
export function checkScenario(record, resources, { mostStarts }) {
  const { scenario, creates, repeats, destroys, reads } = record
  const { location } = scenario
  const live = resources.filter((resource) => resource.isIn(location) || resource.runsOutside(location))
  const liveIds = new Set(live.map(({ id }) => id))
  const groups = groupByHandle(creates, repeats)
  const destroyed = new Set(destroys.map(({ id }) => id))
  const returned = groups.flatMap((ids) => [...ids])
  const held = new Set(returned.filter((id) => !destroyed.has(id)))

  const reports = creates.map(({ outcome }) => outcome).filter(isReport)
  const unaccounted = live.filter(({ id }) => !held.has(id) && !isPostponed(id))
  const isReported = ({ id, name }) => reports.some((report) => report.instanceId === id || report.resourceName === name)
  const orphans = unaccounted.filter((resource) => !isReported(resource))

  // If there are more resources than different creates, some create has made two. The other orphans are leaked.
  const surplus = Math.max(0, Math.min(orphans.length, live.length - groups.length))
  const shared = [...new Set(returned)].filter((id) => groups.filter((ids) => ids.has(id)).length > 1)
  const extra = groups.flatMap((ids) => [...ids].filter((id) => liveIds.has(id)).slice(1))
  const restarted = live.filter(({ starts }) => starts > mostStarts).map(show)
  const secondDestroys = destroys.flatMap(({ id, again }) => (again ? [{ id, outcome: again }] : []))
  const ended = [...creates, ...repeats, ...destroys, ...secondDestroys]
  const isStuck = ({ outcome }) => outcome.status === 'stuck'
  const isRejected = ({ outcome }) => outcome.status === 'rejected'
  // A lookup in the background may have been throttled for an hour.
  const isLimited = ({ outcome }) => outcome.code === 'RATE_LIMITED'
  const name = ({ plan, key, id }) => id ?? key ?? plan.caller

  const violations = {
    leaked: orphans.slice(surplus).map(show),
    duplicated: [...orphans.slice(0, surplus).map(show), ...shared, ...extra, ...restarted],
    missing: [...held].filter((id) => !liveIds.has(id)),
    unfinished: live.filter(({ id, starts }) => held.has(id) && starts === 0).map(show),
    'wrong location': live.filter((resource) => resource.runsOutside(location)).map(show),
    unsettled: [...repeats.filter((call) => !isBroken(call)), ...secondDestroys.filter((call) => !isLimited(call))]
      .filter(isRejected)
      .map((call) => `${name(call)}: ${call.outcome.code}`),
    stuck: ended.filter(isStuck).map(name),
  }
  if (reads.some(({ status }) => status === 'stuck')) violations.stuck.push('a read')

  return {
    violations,
    failed: VIOLATIONS.some((name) => violations[name].length > 0),
    held: [...held].filter((id) => liveIds.has(id)).length,
    reported: unaccounted.length - orphans.length,
  }

  // The key's instance does not become ready, and the error names it. The create leaves it: another caller may hold it.
  function isBroken({ outcome: { code, instanceId } }) {
    return scenario.deployment !== 'well' && liveIds.has(instanceId) && ['PROVISION_FAILED', 'TIMEOUT'].includes(code)
  }

  // A rejected destroy told the caller that the resource, or another one of its create, may remain, and to repeat the
  // call at a time after the scenario's end.
  function isPostponed(id) {
    const postponed = destroys.filter(({ outcome, again }) => outcome.status === 'rejected' && !again)
    const haveOneName = groups.length === 1 || scenario.type === 'named-concurrent'
    return postponed.some((destroy) => destroy.id === id || haveOneName)
  }
}

/** Groups the ids that creates have returned: creates with one key are one group, every other create is its own. */
function groupByHandle(creates, repeats) {
  const groups = new Map()
  const withKeys = creates.map(({ plan, outcome }) => ({ key: plan.options.idempotencyKey, outcome }))
  for (const { key = Symbol('no key'), outcome } of [...withKeys, ...repeats]) {
    if (!groups.has(key)) groups.set(key, new Set())
    if (outcome.status === 'resolved') groups.get(key).add(outcome.id)
  }
  return [...groups.values()]
}

/** Returns whether an error says that a resource may remain. ABORTED comes at once, and says nothing about it. */
function isReport({ status, code, message, instanceId, resourceName }) {
  if (status !== 'rejected' || code === 'ABORTED') return false
  return Boolean(instanceId ?? resourceName) && (code === 'OUTCOME_UNKNOWN' || NOT_REMOVED.test(message))
}

const show = ({ id, name }) => `${id} (${name})`
