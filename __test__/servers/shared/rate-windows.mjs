/** Counts requests in windows of a fixed length, one for each kind of request and each subject. */
export class RateWindows {
  #windows = new Map()

  /**
   * @param {(kind: string) => { limit: number, windowMilliseconds: number }} settingsOf asked at each request, so that
   *   a test may change them
   * @param {() => number} now
   */
  constructor(settingsOf, now) {
    this.settingsOf = settingsOf
    this.now = now
  }

  /** Counts one request. @returns {boolean} whether it is allowed */
  take(kind, subject) {
    const window = this.#windowOf(kind, subject)
    window.used += 1
    return window.used <= this.settingsOf(kind).limit
  }

  /** Returns what the headers of an answer tell, and counts nothing. Times in milliseconds. */
  state(kind, subject) {
    const { used, resetsAt } = this.#windowOf(kind, subject)
    const { limit } = this.settingsOf(kind)
    const left = resetsAt - this.now()
    const retryAfter = String(Math.max(1, Math.ceil(left / 1000)))
    return { limit, remaining: Math.max(0, limit - used), resetsAt, left, retryAfter }
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
