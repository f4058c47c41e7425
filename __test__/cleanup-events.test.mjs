// Whenever a create is aborted, and however its clean-up fails, the channel `cleanup` has a start and an end for each
// resource that was made, and they agree with what the provider has.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { CASES, check, failuresOf, FIXTURES, runCreate } from './support/cleanup-events.mjs'

const POINTS = ['arrives', 'acted', 'answered']

describe('a create that is aborted at any moment publishes one clean-up for each resource that it made', { concurrency: true }, () => {
  for (const name of Object.keys(FIXTURES)) {
    for (const [title, entry] of Object.entries(CASES)) {
      if (entry.without?.includes(name)) continue
      test(`${name}: one ${title}`, async (t) => {
        const whole = entry.requests ? undefined : await runCreate(name, entry)
        if (whole) check(whole)
        const requests = whole ? whole.places.slice(0, whole.requests) : [...Array(entry.requests).keys()]
        const moments = [
          { request: -1, point: 'called' },
          { request: -1, point: 'submitted' },
          ...requests.flatMap((request) => POINTS.map((point) => ({ request, point }))),
        ]
        const ends = {}
        await Promise.all(
          moments.map(async (moment, seed) => {
            const finished = await runCreate(name, entry, { moment, times: failuresOf(seed + title.length), seed })
            check(finished)
            for (const { step } of finished.events) ends[step] = (ends[step] ?? 0) + 1
          }),
        )
        assert.ok(ends.started > 0, 'a clean-up started')
        t.diagnostic(`${moments.length} moments: ${JSON.stringify(ends)}`)
      })
    }
  }
})
