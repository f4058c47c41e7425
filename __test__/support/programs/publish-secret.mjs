// Publishes a secret as the package never does.
import { channel } from 'node:diagnostics_channel'

import { CHANNELS } from '@computesdk/gateway'

import { canary } from '../canary.mjs'
import '../environment.mjs'

const { where } = JSON.parse(process.env.INPUT)
if (where === 'error') {
  const error = new Error('x', { cause: { key: canary('cause') } })
  channel(`tracing:${CHANNELS.list}:error`).publish({ callId: '1', error })
} else channel(CHANNELS.request).publish({ callId: '1', requestId: canary('request') })
