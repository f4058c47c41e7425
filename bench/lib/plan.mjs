/**
 * What is measured. A step is one measure of every candidate, one after the other; a round is all steps; and rounds
 * are repeated, so that a machine that is slow for a while is slow for all.
 */

/** How many services are in it is what the load server reads from an environment's id (bench/load/src/answers.rs). */
const environment = (services) => `00000000-0000-4000-8000-${String(services).padStart(12, '0')}`

const FULL = { warmUpSeconds: 0.7, seconds: 1.5, delaySeconds: 1, memoryCalls: 50_000, rounds: 5, starts: 8, turns: 12, turnSeconds: 0.25 }
const QUICK = { warmUpSeconds: 0.1, seconds: 0.2, delaySeconds: 0.2, memoryCalls: 5_000, rounds: 1, starts: 2, turns: 3, turnSeconds: 0.1 }

/** Listings by length, with so many calls abreast that neither side waits for the other. */
const LISTS = [
  { services: 100, abreast: 16 },
  { services: 2_000, abreast: 4 },
  { services: 20_000, abreast: 2 },
]

export function makePlan({ quick }) {
  const { rounds, starts, memoryCalls, turns, turnSeconds, ...times } = quick ? QUICK : FULL
  const load = (method, abreast, more = {}) => ({
    key: `${method} ${abreast}`,
    measure: 'load',
    place: 'plain',
    job: { method, abreast, ...times, delaySeconds: 0 },
    services: 100,
    ...more,
  })
  const watched = { ...load('create', 16), bare: true }
  watched.job.delaySeconds = times.delaySeconds
  const steps = [
    { ...load('create', 1), bare: true },
    watched,
    { ...load('create', 128), bare: true },
    load('getById', 16),
    ...LISTS.map(({ services, abreast }) => ({ ...load('list', abreast), key: `list of ${services}`, services })),
    { ...load('list', 1), key: 'list of 20000, alone', services: 20_000 },
    { key: 'subscribers', measure: 'watched', place: 'plain', job: { abreast: 16, turns, turnSeconds }, services: 100, ours: true },
    { key: 'memory', measure: 'memory', place: 'plain', job: { calls: memoryCalls }, services: 100 },
    { key: 'first', measure: 'first', place: 'plain', job: {}, services: 100 },
    { key: 'burst', measure: 'burst', place: 'farSecure', job: { size: 64 }, services: 100, newer: true },
  ]
  return { rounds, starts, steps: steps.map((step) => ({ ...step, environmentId: environment(step.services) })) }
}
