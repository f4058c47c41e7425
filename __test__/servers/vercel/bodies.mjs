// Bodies of requests, field by field as Vercel's OpenAPI document has them (docs/providers/vercel.md).
import { compile, flag, integer, list, map, object, oneOf, text, unmodelled, word } from '../shared/schema.mjs'

/** The form of a sandbox's name. */
export const NAME_PATTERN = /^[a-zA-Z0-9_-]{1,128}$/

const REGION = oneOf(
  ...'iad1 sfo1 cle1 cdg1 fra1 arn1 sin1 pdx1 lhr1 icn1 bom1 cpt1 dub1 gru1 hkg1 syd1 yul1 hnd1 kix1'.split(' '),
)

const variables = map(text)

/** No field is required. Whether a project is needed depends on the token. */
export const CREATE = compile(
  object(
    {},
    {
      projectId: word,
      name: { ...text, pattern: NAME_PATTERN.source },
      ports: list({ ...integer(1024, 65_535), not: { const: 23_456 } }, { maxItems: 15, uniqueItems: true }),
      timeout: integer(1000),
      resources: object({}, { vcpus: integer(1), memory: integer(2048) }),
      env: variables,
      persistent: flag,
      image: { ...word, maxLength: 255 },
      tags: map({ ...text, maxLength: 256 }, { maxProperties: 5 }),
      region: REGION,
      failoverRegions: list(REGION, { maxItems: 19, uniqueItems: true }),
      source: unmodelled,
      networkPolicy: unmodelled,
      networkId: unmodelled,
      mounts: unmodelled,
      snapshotExpiration: unmodelled,
      keepLastSnapshots: unmodelled,
    },
  ),
)

const options = { cwd: word, env: variables, sudo: flag, timeout: integer(1), wait: flag, logs: flag }
export const RUN_COMMAND = compile(object({ command: word }, { ...options, args: list(text), attachStdin: unmodelled }))

/** The signals that POSIX numbers. */
export const KILL_COMMAND = compile(object({ signal: integer(1, 31) }))

export const EXTEND_TIMEOUT = compile(object({ duration: integer(1000) }))

/** The body of a stop. */
export const NOTHING = compile(object({}))
