/** Counts requests in windows of a fixed length, one for each kind of request and each subject. */
export class RateWindows {
  #windows = new Map()

  /**
   * @param {object} options
   * @param {(kind: string) => { limit: number, windowMilliseconds: number }} options.settingsOf asked at each request,
   *   so that a test may change them
   * @param {() => number} options.now
   * @param {string} options.prefix of the names of the headers
   * @param {(window: { resetsAt: number, left: number }) => number | string} options.resetOf the value of the header
   *   that tells when a window ends
   */
  constructor(options) {
    Object.assign(this, options)
  }

  /** Counts one request. @returns {boolean} whether it is allowed */
  take(kind, subject) {
    const window = this.#windowOf(kind, subject)
    window.used += 1
    return window.used <= this.settingsOf(kind).limit
  }

  /** Returns what an answer tells, and counts nothing. Times in milliseconds. */
  state(kind, subject) {
    const { used, resetsAt } = this.#windowOf(kind, subject)
    const { limit } = this.settingsOf(kind)
    const left = resetsAt - this.now()
    const retryAfter = String(Math.max(1, Math.ceil(left / 1000)))
    return { limit, remaining: Math.max(0, limit - used), resetsAt, left, retryAfter }
  }

  /** Returns the headers of every answer. */
  headers(kind, subject) {
    const state = this.state(kind, subject)
    return {
      [`${this.prefix}-Limit`]: String(state.limit),
      [`${this.prefix}-Remaining`]: String(state.remaining),
      [`${this.prefix}-Reset`]: String(this.resetOf(state)),
    }
  }

  #windowOf(kind, subject = '') {
    const key = `${kind} ${subject}`
    let window = this.#windows.get(key)
    if (!window || this.now() >= window.resetsAt) {
      window = { used: 0, resetsAt: this.now() + this.settingsOf(kind).windowMilliseconds }
      this.#windows.set(key, window)
    }
    return window
  }
}
