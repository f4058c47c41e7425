// Draws the messages between the parts: one lane for each part, one line for each hop.
const COLOURS = { app: 'cyan', gateway: 'blue', package: 'green', provider: 'yellow', daemon: 'magenta' }
const LANES = Object.keys(COLOURS)
const HEAD = [' app', '     gateway', '   package', '   provider', '   daemon']
const [LEFT, PITCH, TEXT_COLUMN] = [2, 10, 46]
/** How many different hops a poll may have. */
const CYCLE_MAXIMUM = 2

const column = (lane) => LEFT + PITCH * LANES.indexOf(lane)
const emptyCells = () => Array.from({ length: TEXT_COLUMN }, (_, x) => (x % PITCH === LEFT ? '│' : ' '))

export class Diagram {
  /** The latest hops, all between the same two lanes. */
  #latest = []
  #between
  #repeated = 0

  /** @param {import('./screen.mjs').Screen} screen */
  constructor(screen) {
    this.screen = screen
    this.textWidth = Math.min(96, Math.max(72, screen.columns)) - TEXT_COLUMN - 2
  }

  head() {
    this.screen.line(HEAD.map((name, index) => this.screen.paint(COLOURS[LANES[index]], name)).join(''))
    this.screen.line(this.screen.paint('dim', emptyCells().join('').trimEnd()))
  }

  /** Draws one message, which `via` passes on. Repeated messages are counted, and drawn once. */
  hop(from, to, text, { via, bad = false } = {}) {
    const hop = JSON.stringify([from, to, text, via])
    if (this.#latest.includes(hop)) return void (this.#repeated += 1)
    this.#drawRepeated()
    const between = `${from} ${to}`
    this.#latest = [...(between === this.#between ? this.#latest : []), hop].slice(-CYCLE_MAXIMUM)
    this.#between = between
    const cut = text.length <= this.textWidth ? text : `${text.slice(0, this.textWidth - 1)}…`
    this.screen.line(this.#arrow(from, to, via) + (bad ? this.screen.paint('yellow', cut) : cut))
  }

  /** Ends a row of repeated hops, so that the next hop is drawn. */
  settle() {
    this.#drawRepeated()
    this.#latest = []
  }

  /** Writes a line of the user's program. */
  code(text) {
    this.settle()
    this.screen.line(this.screen.paint('bold', `› ${text}`))
  }

  #drawRepeated() {
    const text = `${emptyCells().join('')}… and ${this.#repeated} more like this`
    if (this.#repeated > 0) this.screen.line(this.screen.paint('dim', text))
    this.#repeated = 0
  }

  #arrow(from, to, via) {
    const cells = emptyCells()
    const [left, right] = [column(from), column(to)].sort((a, b) => a - b)
    for (let x = left + 1; x < right; x += 1) cells[x] = cells[x] === '│' ? '┼' : '─'
    if (via) cells[column(via)] = '●'
    if (column(from) === left) [cells[left], cells[right - 1]] = ['├', '►']
    else [cells[right], cells[left + 1]] = ['┤', '◄']
    const part = (style, ...range) => this.screen.paint(style, cells.slice(...range).join(''))
    return part('dim', 0, left) + part(COLOURS[from], left, right + 1) + part('dim', right + 1)
  }
}
