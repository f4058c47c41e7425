// Whenever a create is aborted, and however its removal fails: one story on the channel `cleanup` for each resource that was
// made, which ends, and which agrees with what the provider has.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { check, LIVES, play, FIXTURES, timesOf } from './support/cleanup-story.mjs'

const POINTS = ['arrives', 'acted', 'answered']

/** Time runs fast: with all scenarios at once the fake servers would be late by seconds of it. */
const LIVES_AT_A_TIME = 8

describe('a create that is aborted at any moment has one story for each resource that it made', { concurrency: LIVES_AT_A_TIME }, () => {
  for (const name of Object.keys(FIXTURES)) {
    for (const [title, life] of Object.entries(LIVES)) {
      if (life.without?.includes(name)) continue
      test(`${name}: one ${title}`, async (t) => {
        const whole = life.requests ? undefined : await play(name, life)
        if (whole) check({ ...whole, config: life.config })
        const requests = life.requests ?? whole.requests
        const moments = [
          { request: -1, point: 'called' },
          { request: -1, point: 'submitted' },
          ...Array.from({ length: requests }, (_, request) => POINTS.map((point) => ({ request, point }))).flat(),
        ]
        const ends = {}
        await Promise.all(
          moments.map(async (moment, seed) => {
            const played = await play(name, life, { moment, times: timesOf(seed + title.length), seed })
            check({ ...played, config: life.config })
            for (const { step } of played.events) ends[step] = (ends[step] ?? 0) + 1
          }),
        )
        assert.ok(ends.started > 0, 'something was to be removed')
        t.diagnostic(`${moments.length} moments: ${JSON.stringify(ends)}`)
      })
    }
  }
})
