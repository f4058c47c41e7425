// Writes the demo's output, with colours on a terminal.
import { styleText } from 'node:util'

export class Screen {
  /** @param {import('node:tty').WriteStream} stream */
  constructor(stream, environment = process.env) {
    this.stream = stream
    this.isTerminal = Boolean(stream.isTTY) && environment.TERM !== 'dumb'
    this.isColoured = this.isTerminal && !environment.NO_COLOR
    this.columns = stream.columns ?? Infinity
    stream.on('error', () => {}) // if its reader ends (`| head -1`), the demo still has to clean up
  }

  paint(style, text) {
    return this.isColoured ? styleText(style, text, { validateStream: false }) : text
  }

  line(...texts) {
    for (const text of texts.length > 0 ? texts : ['']) this.stream.write(`${text && `  ${text}`}\n`)
  }

  title(...parts) {
    this.line('', [this.paint('bold', '@computesdk/gateway'), ...parts].join(this.paint('dim', '  ·  ')), '')
  }

  fact(label, value, remark = '') {
    this.line(`${this.paint('dim', label.padEnd(13))}${value}${remark && this.paint('dim', `  ${remark}`)}`)
  }

  result(isGood, text) {
    this.line(isGood ? this.paint('green', `✔ ${text}`) : this.paint('red', `✖ ${text}`))
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
