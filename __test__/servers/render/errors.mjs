// Render's refusals: a status and a JSON object that, in every recorded answer, holds `message` and nothing else
// (docs/providers/render.md). Texts that no source has are marked as such.

import { ProviderError } from '../shared/provider-error.mjs'

/** The form is recorded on another endpoint; no source has it for services. */
export const notFound = (id, status = 404) => new ProviderError(status, `not found: ${id}`)
/** The text is not known. */
export const unauthorized = (violation) => new ProviderError(401, 'Unauthorized', { violation, kind: 'authorization' })
/** Observed. */
export const nameTaken = (name, status) => new ProviderError(status, `name: ${name} already in use`)
/** Observed. */
export const paymentRequired = () =>
  new ProviderError(
    402,
    'Payment information is required to complete this request. ' +
      'To add a card, visit https://dashboard.render.com/billing',
  )

/** A body of a wrong shape. Render's text is observed; the violation names the fault. */
export const badBody = (message, violation) => new ProviderError(400, message, { violation, kind: 'body' })
export const badQuery = (violation) => new ProviderError(400, 'invalid query', { violation, kind: 'query' })

/**
 * Returns an answer as Render's recorded ones are written: JSON with a newline behind it.
 *
 * @returns {import('../shared/http.mjs').Answer}
 */
export function jsonAnswer(status, value, headers) {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  return { status, headers: { ...type, ...headers }, body: `${JSON.stringify(value)}\n` }
}

/**
 * Returns a fault: an error answer of Render's.
 *
 * @param {number} status
 * @param {string} message
 * @param {object} [extra]
 * @param {string} [extra.id] the schema knows it, no recorded error has it
 * @param {string} [extra.code] only newer documents know it
 * @param {Record<string, string | null>} [extra.headers]
 * @param {boolean} [extra.effect] the operation has its effect nevertheless
 * @returns {import('../shared/faults.mjs').Fault}
 */
export function renderError(status, message, { id, code, headers, effect } = {}) {
  return { kind: 'respond', ...jsonAnswer(status, { id, code, message }, headers), effect }
}
