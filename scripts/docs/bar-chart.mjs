// Draws groups of horizontal bars as an SVG. It is readable by itself, in a page of the site and in a dark theme. Text
// is text, and colours follow the theme.
import { escapeText, textWidth, wrap } from './svg.mjs'

const WIDTH = 760
const FONT_SIZE = 14
const SMALL = 12.5
const BAR = 18
const GAP = 5
const GROUP_GAP = 20
const VALUE_ROOM = 140

/** The margin around the chart, which its own background needs. */
const MARGIN = 12

/** The colours, light and dark. Text stands beside the bars, never on them. */
const COLOURS = {
  paper: ['#ffffff', '#22252a'],
  ink: ['#1f2328', '#e6e6e6'],
  aside: ['#57606a', '#a9b1ba'],
  'bar-0': ['#0b6e99', '#4db6e2'],
  'bar-1': ['#5f6772', '#b3bac4'],
  'bar-2': ['#8a8f98', '#7d8590'],
  'bar-3': ['#b3661a', '#e0a14f'],
}
const BARS = Object.keys(COLOURS).filter((name) => name.startsWith('bar-'))

/**
 * @typedef {{ name: string, value: number, shown: string }} Bar
 *   bars of one `name` have one colour; `shown`: the value as the chart tells it
 * @typedef {{ title: string, bars: Bar[] }} Group
 *
 * @typedef {object} Chart
 * @property {string} id begins the ids of the elements
 * @property {string} title
 * @property {string} unit what the length of a bar is
 * @property {Group[]} groups
 * @property {string} source where the figures come from
 */

/** @param {Chart} chart @returns {string} */
export function drawBars({ id, title, unit, groups, source }) {
  const names = [...new Set(groups.flatMap(({ bars }) => bars.map(({ name }) => name)))]
  const nameRoom = Math.max(...names.map((name) => textWidth(name, SMALL))) + 20
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ value }) => value)))
  const room = WIDTH - nameRoom - VALUE_ROOM
  const parts = [`<text class="heading" x="0" y="18">${escapeText(title)}</text>`, textAt(unit, 0, 40, 'aside')]
  let y = 58
  for (const group of groups) {
    parts.push(textAt(group.title, 0, y + FONT_SIZE, 'group'))
    y += FONT_SIZE + GAP + 6
    for (const { name, value, shown } of group.bars) {
      const width = Math.max(1, (value / longest) * room)
      const middle = y + BAR / 2 + 4
      parts.push(
        textAt(name, nameRoom - 10, middle, 'name'),
        `<rect class="${BARS[names.indexOf(name) % BARS.length]}" x="${nameRoom}" y="${y}" width="${width.toFixed(1)}"`
          + ` height="${BAR}" rx="2"/>`,
        textAt(shown, nameRoom + width + 8, middle, 'value'),
      )
      y += BAR + GAP
    }
    y += GROUP_GAP
  }
  const lines = wrap(source, WIDTH, SMALL)
  parts.push(...lines.map((line, index) => textAt(line, 0, y + 4 + index * 18, 'aside')))
  const height = y + lines.length * 18
  const [outerWidth, outerHeight] = [WIDTH + 2 * MARGIN, height + 2 * MARGIN]
  const tellBars = (bars) => bars.map(({ name, shown }) => `${name} ${shown}`).join(', ')
  const told = groups.map((group) => `${group.title}: ${tellBars(group.bars)}.`)
  return [
    `<svg class="chart ${id}" role="img" aria-labelledby="${id}-title ${id}-desc" xmlns="http://www.w3.org/2000/svg"`
      + ` viewBox="${-MARGIN} ${-MARGIN} ${outerWidth} ${outerHeight}" width="${outerWidth}" height="${outerHeight}">`,
    `<title id="${id}-title">${escapeText(title)}</title>`,
    `<desc id="${id}-desc">${escapeText(`${unit}. ${told.join(' ')}`)}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" x="${-MARGIN}" y="${-MARGIN}" width="${outerWidth}" height="${outerHeight}"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

const textAt = (text, x, y, name) =>
  `<text class="${name}" x="${Number(x.toFixed(1))}" y="${y}">${escapeText(text)}</text>`

/** Returns the colours of a theme. A page of the site says by `data-theme` which one the reader has chosen. */
const theme = (index) => Object.entries(COLOURS).map(([name, colours]) => `--${name}:${colours[index]}`).join(';')

const STYLE = [
  `.chart{${theme(0)};font:${FONT_SIZE}px system-ui,"Segoe UI",Helvetica,Arial,sans-serif}`,
  `@media (prefers-color-scheme:dark){.chart{${theme(1)}}}`,
  `:root[data-theme=light] .chart{${theme(0)}}`,
  `:root[data-theme=dark] .chart{${theme(1)}}`,
  // By itself the chart cannot know what is behind it; a page of the site can.
  ':root[data-theme] .chart{--paper:transparent}',
  '.chart .paper{fill:var(--paper)}',
  '.chart text{fill:var(--ink)}',
  '.chart .heading{font-size:17px;font-weight:600}',
  '.chart .group{font-weight:600}',
  `.chart .aside{fill:var(--aside);font-size:${SMALL}px}`,
  `.chart .name{text-anchor:end;font-size:${SMALL}px}`,
  `.chart .value{font-size:${SMALL}px;font-variant-numeric:tabular-nums}`,
  ...BARS.map((bar) => `.chart .${bar}{fill:var(--${bar})}`),
].join('\n')
