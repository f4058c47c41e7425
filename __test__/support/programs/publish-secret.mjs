// Publishes a secret as the package never does.
import { channel } from 'node:diagnostics_channel'

import { CHANNELS } from '@computesdk/gateway'

import { canary } from '../canary.mjs'
import '../environment.mjs'
import { watchEvents } from '../event-watch.mjs'

const { where, pattern } = JSON.parse(process.env.INPUT)
if (pattern) watchEvents([new RegExp(pattern)])
if (where === 'error') {
  const error = new Error('x', { cause: { key: canary('cause') } })
  channel(`tracing:${CHANNELS.list}:error`).publish({ callId: '1', error })
} else if (where === 'plain') channel(CHANNELS.request).publish({ callId: '1', requestId: 'plain-1, plain-2' })
else channel(CHANNELS.request).publish({ callId: '1', requestId: canary('request') })
