// Draws a Mermaid sequence diagram as an SVG when the site is built, so that a page needs no script for it. It knows
// what the documents use (participants, messages, notes), and refuses any other line.
import { Failure } from '../lib/failure.mjs'
import { escapeText, wrap } from './svg.mjs'

const FONT_SIZE = 13
const LINE_HEIGHT = 17
const PADDING = 12

const HEAD_WIDTH = 122

/** From the middle of a column to that of the next: five of them fit into the site's text column. */
const PITCH = 148

/** The part of an arrow that its label leaves free. */
const LABEL_MARGIN = 14

/**
 * @typedef {{ id: string, lines: string[] }} Participant `lines`: its name
 * @typedef {{ from: number, to: number, label: string, dashes?: string, tip?: string }} Step
 *   `from`, `to`: participants by index; a message has the `dashes` and the `tip` of its arrow, a note has none
 */

/**
 * Returns the SVG of a block `mermaid`.
 *
 * @param {{ id: string, title: string }} names `id`: begins the ids of the elements, which are the page's
 */
export function drawSequence(source, { id, title }) {
  const { participants, steps } = parse(source)
  const columns = participants.map((_, index) => HEAD_WIDTH / 2 + 1 + index * PITCH)
  const headHeight = Math.max(...participants.map(({ lines }) => lines.length)) * LINE_HEIGHT + PADDING
  const parts = []
  let y = headHeight + PADDING
  for (const step of steps) {
    const { height, text } = step.tip ? drawMessage(step, columns, y, id) : drawNote(step, columns, y)
    parts.push(text)
    y += height
  }
  const width = columns.at(-1) + HEAD_WIDTH / 2 + 1
  const lifelines = columns.map((x) => `<line class="lifeline" x1="${x}" y1="${headHeight}" x2="${x}" y2="${y}"/>`)
  const size = { width: HEAD_WIDTH, height: headHeight - 1 }
  const heads = participants.map(({ lines }, index) =>
    drawBox('head', lines, { left: columns[index] - HEAD_WIDTH / 2, y: 0.5, ...size }),
  )
  const words = steps.map((step) => tell(step, participants)).join(' ')
  return [
    `<svg class="sequence" role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${width} ${y + PADDING}"`
      + ` width="${width}" height="${y + PADDING}" xmlns="http://www.w3.org/2000/svg" font-size="${FONT_SIZE}">`,
    `<title id="${id}-title">${escapeText(title)}</title>`,
    `<desc id="${id}-desc">${escapeText(words)}</desc>`,
    `<defs><marker id="${id}-arrow" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">`
      + '<path class="arrow" d="M0 0 8 4 0 8z"/></marker></defs>',
    ...lifelines,
    ...heads,
    ...parts,
    '</svg>',
  ].join('\n')
}

/** @returns {{ participants: Participant[], steps: Step[] }} */
function parse(source) {
  const [first, ...lines] = source.trim().split('\n').map((line) => line.trim())
  if (first !== 'sequenceDiagram') throw new Failure(`No diagram of this kind can be drawn: ${first}`)
  const participants = []
  const steps = []
  const indexOf = (id) => {
    const index = participants.findIndex((each) => each.id === id)
    if (index < 0) throw new Failure(`The diagram has no participant ${id}.`)
    return index
  }
  for (const line of lines.filter((each) => each !== '')) {
    const participant = /^participant (\w+)(?: as (.+))?$/.exec(line)
    const message = /^(?<from>\w+)(?<dashes>--?)(?<tip>>>|x)(?<to>\w+): (?<label>.+)$/.exec(line)
    const note = /^Note over (?<from>\w+)(?:,(?<to>\w+))?: (?<label>.+)$/.exec(line)
    const step = (message ?? note)?.groups
    if (participant) {
      const [, id, name = id] = participant
      participants.push({ id, lines: wrap(name, HEAD_WIDTH - PADDING, FONT_SIZE) })
    } else if (step) {
      steps.push({ ...step, from: indexOf(step.from), to: indexOf(step.to ?? step.from) })
    } else {
      throw new Failure(`This line of a diagram cannot be drawn: ${line}`)
    }
  }
  return { participants, steps }
}

/** Draws a box with lines of text in its middle. */
function drawBox(name, lines, { left, y, width, height }) {
  const rect = `<rect class="${name}" x="${left}" y="${y}" width="${width}" height="${height}" rx="4"/>`
  const [middle, first] = [left + width / 2, y + (height - lines.length * LINE_HEIGHT) / 2 + FONT_SIZE]
  return rect + lines.map((line, index) => textAt(line, middle, first + index * LINE_HEIGHT, 'boxed')).join('')
}

function drawMessage({ from, to, dashes, tip, label }, columns, top, id) {
  const [start, end] = [columns[from], columns[to]]
  const direction = Math.sign(end - start)
  const lines = wrap(label, Math.abs(end - start) - LABEL_MARGIN, FONT_SIZE)
  const y = top + lines.length * LINE_HEIGHT + 4
  // A lost message ends before its receiver, at a cross.
  const isLost = tip === 'x'
  const stop = isLost ? end - direction * 40 : end - direction
  const head = isLost ? '' : ` marker-end="url(#${id}-arrow)"`
  const kind = dashes === '--' ? 'message dashed' : 'message'
  const line = `<line class="${kind}" x1="${start}" y1="${y}" x2="${stop}" y2="${y}"${head}/>`
  const cross = `<path class="lost" d="M${stop - 5} ${y - 5}l10 10m0 -10l-10 10"/>`
  const middle = (start + stop) / 2
  const texts = lines.map((text, index) => textAt(text, middle, y - 6 - (lines.length - 1 - index) * LINE_HEIGHT))
  return { height: y - top + PADDING, text: line + (isLost ? cross : '') + texts.join('') }
}

function drawNote({ from, to, label }, columns, top) {
  const left = columns[Math.min(from, to)] - HEAD_WIDTH / 2
  const width = columns[Math.max(from, to)] + HEAD_WIDTH / 2 - left
  const lines = wrap(label, width - 2 * PADDING, FONT_SIZE)
  const height = lines.length * LINE_HEIGHT + PADDING
  return { height: height + 2 * PADDING, text: drawBox('note', lines, { left, y: top + PADDING, width, height }) }
}

const textAt = (text, x, y, name = 'label') =>
  `<text class="${name}" x="${x}" y="${y}" text-anchor="middle">${escapeText(text)}</text>`

/** Returns a step as a sentence, for those who do not see the diagram. */
function tell(step, participants) {
  const nameOf = (index) => participants[index].lines.join(' ')
  if (!step.tip) return `${step.label}.`
  return `${nameOf(step.from)} to ${nameOf(step.to)}: ${step.label}.`
}
