// Compares what callers hold with what the server has.

/** Offences: none of them may ever happen. */
export const OFFENCES = ['leaked', 'doubled', 'phantom', 'unfinished', 'wrong place', 'unsettled', 'stuck']

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
 * @param {object} circumstances
 * @param {(resource: object) => boolean} circumstances.isOutOfTime
 * @param {number} circumstances.mostStarts how often what is to run in a resource may have been started
 * @returns {Verdict}
 */
export function judge({ story, creates, repeats, destroys, looks }, resources, { isOutOfTime, mostStarts }) {
  const live = resources.filter((resource) => resource.isIn(story.place) || resource.runsOutside(story.place))
  const liveIds = new Set(live.map(({ id }) => id))
  const groups = groupByHandle(creates, repeats)
  const touched = new Set(destroys.map(({ id }) => id))
  const handed = groups.flatMap(({ ids }) => [...ids])
  const held = new Set(handed.filter((id) => !touched.has(id)))

  const reports = creates.map(({ outcome }) => outcome).filter(isReport)
  const unaccounted = live.filter(({ id }) => !held.has(id) && !isPutOff(id))
  const isReported = ({ id, name }) => reports.some((report) => report.instanceId === id || report.resourceName === name)
  const strays = unaccounted.filter((resource) => !isReported(resource))
  const excusable = strays.filter((resource) => isOutOfTime(resource))
  const guilty = strays.filter((resource) => !excusable.includes(resource))

  // More resources than there were different creates: some create has made two. What is left over was forgotten.
  const surplus = Math.max(0, Math.min(guilty.length, live.length - groups.length))
  const shared = [...new Set(handed)].filter((id) => groups.filter(({ ids }) => ids.has(id)).length > 1)
  const divided = groups.flatMap(({ ids }) => [...ids].filter((id) => liveIds.has(id)).slice(1))
  const restarted = live.filter(({ starts }) => starts > mostStarts).map(show)
  const secondDestroys = destroys.flatMap(({ id, again }) => (again ? [{ id, outcome: again }] : []))
  const ended = [...creates, ...repeats, ...destroys, ...secondDestroys]
  const isRestless = ({ outcome }) => outcome.status === 'stuck'
  const isRejected = ({ outcome }) => outcome.status === 'rejected'
  // A look of the background may have been told to come again in an hour.
  const isLimited = ({ outcome }) => outcome.code === 'RATE_LIMITED'
  const name = ({ plan, key, id }) => id ?? key ?? plan.voice

  const offences = {
    leaked: guilty.slice(surplus).map(show),
    doubled: [...guilty.slice(0, surplus).map(show), ...shared, ...divided, ...restarted],
    phantom: [...held].filter((id) => !liveIds.has(id)),
    unfinished: live.filter(({ id, starts }) => held.has(id) && starts === 0).map(show),
    'wrong place': live.filter((resource) => resource.runsOutside(story.place)).map(show),
    unsettled: [...repeats.filter((call) => !isBroken(call)), ...secondDestroys.filter((call) => !isLimited(call))]
      .filter(isRejected)
      .map((call) => `${name(call)}: ${call.outcome.code}`),
    stuck: ended.filter(isRestless).map(name),
  }
  if (looks.some(({ status }) => status === 'stuck')) offences.stuck.push('a look')

  return {
    offences,
    guilty: OFFENCES.some((name) => offences[name].length > 0),
    held: [...held].filter((id) => liveIds.has(id)).length,
    reported: unaccounted.length - strays.length,
    outOfTime: excusable.length,
  }

  // What the key has made does not come up, and its caller is told which it is: it may be in another's hands.
  function isBroken({ outcome: { code, instanceId } }) {
    return story.deployment !== 'well' && liveIds.has(instanceId) && ['PROVISION_FAILED', 'TIMEOUT'].includes(code)
  }

  // Its caller knows that it, or what else its create has made, may be there, and was told to come again later than
  // this story goes.
  function isPutOff(id) {
    const putOff = destroys.filter(({ outcome, again }) => outcome.status === 'rejected' && !again)
    // Namesakes are after one name.
    const isOneName = groups.length === 1 || story.type === 'namesakes'
    return putOff.some((destroy) => destroy.id === id || isOneName)
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
