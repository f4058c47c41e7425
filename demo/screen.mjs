const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MILLISECONDS = 80
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 }
const CLEAR_LINE = '\r\u001B[2K'
const LABEL_WIDTH = 13
const NAME_WIDTH = 9
const TIME_WIDTH = 8

/** What the demo writes: lines that stay, and on a terminal one that moves while something is under way. */
export class Screen {
  #stream
  #moves
  #coloured
  /** Whether a moving line is on show. */
  #moving = false

  /** @param {import('node:tty').WriteStream} stream */
  constructor(stream, environment = process.env) {
    this.#stream = stream
    this.#moves = Boolean(stream.isTTY) && environment.TERM !== 'dumb'
    this.#coloured = this.#moves && !environment.NO_COLOR
    // A reader that has gone away (`| head -1`) must not keep the demo from removing what it made.
    stream.on('error', () => {})
  }

  /** How many there are; as many as one likes where nobody tells. */
  get columns() {
    return this.#stream.columns ?? Infinity
  }

  paint(style, text) {
    return this.#coloured ? `\u001B[${STYLES[style]}m${text}\u001B[0m` : text
  }

  line(text = '') {
    this.#stream.write(`${this.#moving ? CLEAR_LINE : ''}${text === '' ? '' : `  ${text}`}\n`)
  }

  /** @param {string} subject @param {...string} rest */
  title(subject, ...rest) {
    this.line()
    this.line([this.paint('bold', subject), ...rest].join(this.paint('dim', '  ·  ')))
    this.line()
  }

  /** @param {string} value @param {string} [remark] */
  fact(label, value, remark) {
    const aside = remark ? this.paint('dim', `  ${remark}`) : ''
    this.line(`${this.paint('dim', label.padEnd(LABEL_WIDTH))}${value}${aside}`)
  }

  warn(text) {
    this.line(`${this.paint('yellow', '!')} ${text}`)
  }

  /** @param {boolean} good */
  verdict(good, text) {
    this.line(good ? this.paint('green', `✔ ${text}`) : this.paint('red', `✖ ${text}`))
  }

  /**
   * One call: a moving line while it lasts, then a line with its time and what came of it.
   *
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} call
   * @param {(result: T) => string | string[]} tell what the result means; further lines stand below the first
   * @param {string} [meanwhile] why it takes its time
   * @returns {Promise<T>}
   */
  async step(name, call, tell, meanwhile = '') {
    const start = performance.now()
    const row = (mark, text) => `${mark} ${this.paint('bold', name.padEnd(NAME_WIDTH))}${text}`
    const time = () => this.paint('dim', duration(performance.now() - start).padStart(TIME_WIDTH))
    const stop = this.#animate((frame) => row(this.paint('cyan', frame), `${time()}   ${this.paint('dim', meanwhile)}`))
    try {
      const result = await call()
      stop()
      const took = time()
      const [first, ...more] = [tell(result)].flat()
      this.line(row(this.paint('green', '✔'), `${took}   ${first}`))
      for (const text of more) this.line(`${' '.repeat(2 + NAME_WIDTH + TIME_WIDTH + 3)}${this.paint('dim', text)}`)
      return result
    } catch (error) {
      stop()
      this.line(row(this.paint('red', '✖'), `${time()}   ${reason(error)}`))
      throw error
    }
  }

  /** A moving line while something is under way, below what is written meanwhile. @returns {() => void} its end */
  busy() {
    const start = performance.now()
    return this.#animate(
      (frame) => `${this.paint('cyan', frame)} ${this.paint('dim', duration(performance.now() - start))}`,
    )
  }

  /**
   * Something long before the demo itself.
   *
   * @template T
   * @param {string} text
   * @param {string} done what can be said of it afterwards
   * @param {(note: (text: string) => void) => Promise<T>} work `note` says how far it is
   */
  async progress(text, done, work) {
    const start = performance.now()
    let note = ''
    if (!this.#moves) this.line(`${text} …`)
    const stop = this.#animate(
      (frame) =>
        `${this.paint('cyan', frame)} ${text} ${this.paint('dim', `${duration(performance.now() - start)} ${note}`)}`,
    )
    try {
      const result = await work((told) => {
        note = told
      })
      stop()
      this.line(`${this.paint('green', '✔')} ${done} in ${duration(performance.now() - start)}`)
      return result
    } finally {
      stop()
    }
  }

  #animate(draw) {
    if (!this.#moves) return () => {}
    let count = 0
    const show = () => {
      this.#stream.write(`${CLEAR_LINE}  ${draw(FRAMES[count % FRAMES.length])}`)
      count += 1
    }
    show()
    const timer = setInterval(show, FRAME_MILLISECONDS)
    this.#moving = true
    return () => {
      if (!this.#moving) return
      clearInterval(timer)
      this.#moving = false
      this.#stream.write(CLEAR_LINE)
    }
  }
}

/** `2.4 ms`, `143 ms`, `1.27 s`, `1 min 12 s` */
export function duration(milliseconds) {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(2)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** A rejection in one line; `code` is what a program would look at. */
function reason(error) {
  if (error.code === 'ABORTED') return 'aborted'
  return error.code ? `${error.code}: ${error.message}` : String(error.message ?? error)
}
