// Shows calls line by line, each with its mark, its time and its result.
import { duration } from '../../demo/screen.mjs'

const FRAMES = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏']
const FRAME_MILLISECONDS = 80
const CLEAR_LINE = '\r\u001B[2K'

/**
 * Returns a function that shows one call: on a terminal a moving line while it lasts, then its result. `describe` may
 * return further lines.
 *
 * @param {import('../../demo/screen.mjs').Screen} screen
 */
export const createSteps = (screen) => async (name, call, describe, meanwhile = '') => {
  const start = performance.now()
  const show = (style, mark, text) => {
    const time = screen.paint('dim', duration(performance.now() - start).padStart(8))
    return `${screen.paint(style, mark)} ${screen.paint('bold', name.padEnd(9))}${time}   ${text}`
  }
  let frame = 0
  const move = () => {
    screen.stream.write(`${CLEAR_LINE}  ${show('cyan', FRAMES[frame++ % FRAMES.length], screen.paint('dim', meanwhile))}`)
  }
  const timer = screen.isTerminal && setInterval(move, FRAME_MILLISECONDS)
  const end = (...lines) => {
    clearInterval(timer)
    if (screen.isTerminal) screen.stream.write(CLEAR_LINE)
    screen.line(...lines)
  }
  try {
    const result = await call()
    const [text, ...more] = [describe(result)].flat()
    end(show('green', '✔', text), ...more.map((further) => ' '.repeat(22) + screen.paint('dim', further)))
    return result
  } catch (error) {
    end(show('red', '✖', error.code ? `${error.code}: ${error.message}` : error.message))
    throw error
  }
}
