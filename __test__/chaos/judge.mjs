// Compares what callers hold with what the server has.

/** Offences: none of them may ever happen. */
export const OFFENCES = ['leaked', 'doubled', 'phantom', 'wrong place', 'unsettled', 'stuck']

/** What a create's error says when the removal of what it made has failed. */
const NOT_REMOVED = /could not be removed/

/**
 * @typedef {object} Verdict
 * @property {Record<string, string[]>} offences by name, each with the resources or calls concerned
 * @property {number} held resources in somebody's hands
 * @property {number} reported resources that nobody holds, and that a rejection names
 * @property {number} outOfTime leftovers of effects that came later than promised, because this machine stood still
 */

/**
 * @param {import('./story.mjs').StoryRecord} record
 * @param {object[]} resources what the server has of this story
 * @param {(resource: object) => boolean} isOutOfTime
 * @returns {Verdict}
 */
export function judge({ story, creates, repeats, destroys, looks }, resources, isOutOfTime) {
  const live = resources.filter((resource) => resource.isIn(story.place) || resource.runsOutside(story.place))
  const liveIds = new Set(live.map(({ id }) => id))
  const groups = groupByHandle(creates, repeats)
  const settledDestroys = destroys.filter(({ outcome }) => outcome.status === 'resolved').map(({ id }) => id)
  const touched = new Set(destroys.map(({ id }) => id))
  const handed = groups.flatMap(({ ids }) => [...ids])
  const held = new Set(handed.filter((id) => !touched.has(id)))

  const reports = creates.map(({ outcome }) => outcome).filter(isReport)
  const unaccounted = live.filter(({ id }) => !held.has(id) && !isLoose(id))
  const isReported = ({ id, name }) => reports.some((report) => report.instanceId === id || report.resourceName === name)
  const strays = unaccounted.filter((resource) => !isReported(resource))
  const excusable = strays.filter((resource) => isOutOfTime(resource))
  const guilty = strays.filter((resource) => !excusable.includes(resource))

  // More resources than there were different creates: some create has made two. What is left over was forgotten.
  const surplus = Math.max(0, Math.min(guilty.length, live.length - groups.length))
  const shared = [...new Set(handed)].filter((id) => groups.filter(({ ids }) => ids.has(id)).length > 1)
  const divided = groups.flatMap(({ ids }) => [...ids].filter((id) => liveIds.has(id)).slice(1))
  const isRestless = ({ outcome }) => outcome.status === 'stuck'

  const offences = {
    leaked: guilty.slice(surplus).map(show),
    doubled: [...guilty.slice(0, surplus).map(show), ...shared, ...divided],
    phantom: [...held].filter((id) => !liveIds.has(id)),
    'wrong place': live.filter((resource) => resource.runsOutside(story.place)).map(show),
    unsettled: repeats.filter(({ outcome }) => outcome.status === 'rejected').map(({ key, outcome }) => `${key}: ${outcome.code}`),
    stuck: [...creates, ...repeats, ...destroys].filter(isRestless).map(({ plan, key, id }) => id ?? key ?? plan.voice),
  }
  if (looks.some(({ status }) => status === 'stuck')) offences.stuck.push('a look')

  return {
    offences,
    guilty: OFFENCES.some((name) => offences[name].length > 0),
    held: [...held].filter((id) => liveIds.has(id)).length,
    reported: unaccounted.length - strays.length,
    outOfTime: excusable.length,
  }

  // A destroy that was rejected says that it does not know: the resource may be there or not.
  function isLoose(id) {
    return touched.has(id) && !settledDestroys.includes(id)
  }
}

/** Creates with one key are one create; any other stands for itself. */
function groupByHandle(creates, repeats) {
  const byKey = new Map()
  const groups = []
  const add = (key, outcome) => {
    let group = key && byKey.get(key)
    if (!group) {
      group = { ids: new Set() }
      groups.push(group)
      if (key) byKey.set(key, group)
    }
    if (outcome.status === 'resolved') group.ids.add(outcome.id)
  }
  for (const { plan, outcome } of creates) add(plan.options.idempotencyKey, outcome)
  for (const { key, outcome } of repeats) add(key, outcome)
  return groups
}

/** Whether a rejection tells its caller that something may be left. Who was told ABORTED was told at once, of nothing. */
function isReport({ status, code, message, instanceId, resourceName }) {
  if (status !== 'rejected' || code === 'ABORTED') return false
  return Boolean(instanceId ?? resourceName) && (code === 'OUTCOME_UNKNOWN' || NOT_REMOVED.test(message))
}

const show = ({ id, name }) => `${id} (${name})`
