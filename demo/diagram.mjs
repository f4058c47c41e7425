// Draws who speaks to whom: one lane for each, one line for each hop, as it happens.

/** @typedef {'app' | 'gateway' | 'package' | 'provider' | 'daemon'} Lane */

/** @type {Lane[]} */
const LANES = ['app', 'gateway', 'package', 'provider', 'daemon']
const COLOURS = { app: 'cyan', gateway: 'blue', package: 'green', provider: 'yellow', daemon: 'magenta' }
const LEFT = 2
const PITCH = 10
const TEXT_COLUMN = LEFT + PITCH * (LANES.length - 1) + 4
const WIDTH_MAXIMUM = 96
const WIDTH_MINIMUM = 72
/** A poll may consist of so many different hops. */
const CYCLE_MAXIMUM = 2

const column = (lane) => LEFT + PITCH * LANES.indexOf(lane)

export class Diagram {
  #screen
  /** The latest hops that have been drawn, all between the same two. */
  #latest = []
  #between
  #repeated = 0

  /** @param {import('./screen.mjs').Screen} screen */
  constructor(screen) {
    this.#screen = screen
    this.textWidth = Math.min(WIDTH_MAXIMUM, Math.max(WIDTH_MINIMUM, screen.columns)) - TEXT_COLUMN - 2
  }

  /** The names above the lanes. */
  head() {
    let text = ''
    let end = 0
    for (const lane of LANES) {
      const start = Math.max(0, column(lane) - Math.floor((lane.length - 1) / 2))
      text += ' '.repeat(start - end) + this.#paint(COLOURS[lane], lane)
      end = start + lane.length
    }
    this.#screen.line(text)
    this.#screen.line(this.#lanes().trimEnd())
  }

  /**
   * One message. What comes again and again is counted and told once.
   *
   * @param {Lane} from
   * @param {Lane} to
   * @param {string} text
   * @param {{ via?: Lane, bad?: boolean }} [options] `via`: who hands it on
   */
  hop(from, to, text, { via, bad = false } = {}) {
    const hop = JSON.stringify([from, to, text, via])
    if (this.#latest.includes(hop)) {
      this.#repeated += 1
      return
    }
    this.#tellRepeated()
    const between = `${from} ${to}`
    if (between !== this.#between) this.#latest = []
    this.#between = between
    this.#latest = [...this.#latest, hop].slice(-CYCLE_MAXIMUM)
    const shown = this.#cut(text)
    this.#screen.line(`${this.#arrow(from, to, via)}${bad ? this.#paint('yellow', shown) : shown}`)
  }

  /** Nothing that was drawn so far is repeated from now on. */
  settle() {
    this.#tellRepeated()
    this.#latest = []
  }

  /** A line of the user's program. */
  code(text) {
    this.settle()
    this.#screen.line(this.#paint('bold', `› ${text}`))
  }

  #tellRepeated() {
    if (this.#repeated === 0) return
    this.#screen.line(`${this.#lanes()}${this.#paint('dim', `… and ${this.#repeated} more like this`)}`)
    this.#repeated = 0
  }

  #lanes() {
    return this.#paint('dim', this.#cells().join('').padEnd(TEXT_COLUMN))
  }

  #cells() {
    const cells = Array.from({ length: TEXT_COLUMN }, () => ' ')
    for (const lane of LANES) cells[column(lane)] = '│'
    return cells
  }

  #arrow(from, to, via) {
    const cells = this.#cells()
    const [left, right] = [column(from), column(to)].sort((a, b) => a - b)
    for (let index = left + 1; index < right; index += 1) cells[index] = cells[index] === '│' ? '┼' : '─'
    if (via) cells[column(via)] = '●'
    const rightwards = column(from) === left
    cells[left] = rightwards ? '├' : '│'
    cells[right] = rightwards ? '│' : '┤'
    cells[rightwards ? right - 1 : left + 1] = rightwards ? '►' : '◄'
    const part = (start, end) => cells.slice(start, end).join('')
    const arrow = this.#paint(COLOURS[from], part(left, right + 1))
    return this.#paint('dim', part(0, left)) + arrow + this.#paint('dim', part(right + 1))
  }

  #paint(style, text) {
    return this.#screen.paint(style, text)
  }

  #cut(text) {
    return text.length <= this.textWidth ? text : `${text.slice(0, this.textWidth - 1)}…`
  }
}
