/** A refusal of the provider, not a bug of this server. */
export class ProviderError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {{ headers?: Record<string, string>, violation?: string, kind?: string }} [details] violation: what a client
   *   of ours may not send, as a text that the endpoint records; kind: of the violation
   */
  constructor(status, message, details) {
    super(message)
    Object.assign(this, { status, ...details })
  }
}
