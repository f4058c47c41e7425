// Bodies of requests, field by field as the tables of reference/vercel.md §4, §6 and §7 have them.
import { flag, integer, list, map, object, oneOf, text, unmodelled } from './shapes.mjs'

/** Of sandboxes (§4), and of what stands for one in a path. */
export const NAME_PATTERN = /^[a-zA-Z0-9_-]{1,128}$/

const REGIONS =
  'iad1 sfo1 cle1 cdg1 fra1 arn1 sin1 pdx1 lhr1 icn1 bom1 cpt1 dub1 gru1 hkg1 syd1 yul1 hnd1 kix1'.split(' ')

const variables = map(text())

/** No field is formally required; whether there is a project depends on the token. */
export const CREATE = object({
  projectId: text({ minimum: 1 }),
  name: text({ pattern: NAME_PATTERN }),
  ports: list(integer({ minimum: 1024, maximum: 65_535, except: [23_456] }), { maximum: 15, unique: true }),
  timeout: integer({ minimum: 1000 }),
  resources: object({ vcpus: integer({ minimum: 1 }), memory: integer({ minimum: 2048 }) }),
  env: variables,
  persistent: flag,
  image: text({ minimum: 1, maximum: 255 }),
  tags: map(text({ maximum: 256 }), { maximum: 5 }),
  region: oneOf(REGIONS),
  failoverRegions: list(oneOf(REGIONS), { maximum: 19, unique: true }),
  source: unmodelled,
  networkPolicy: unmodelled,
  networkId: unmodelled,
  mounts: unmodelled,
  snapshotExpiration: unmodelled,
  keepLastSnapshots: unmodelled,
})

export const RUN_COMMAND = object(
  {
    command: text({ minimum: 1 }),
    args: list(text()),
    cwd: text({ minimum: 1 }),
    env: variables,
    sudo: flag,
    timeout: integer({ minimum: 1 }),
    wait: flag,
    logs: flag,
    attachStdin: unmodelled,
  },
  ['command'],
)

/** The signals that POSIX numbers. */
export const KILL_COMMAND = object({ signal: integer({ minimum: 1, maximum: 31 }) }, ['signal'])

export const EXTEND_TIMEOUT = object({ duration: integer({ minimum: 1000 }) }, ['duration'])

/** "Send `{}` as stop body" (§3). */
export const NOTHING = object({})
