// Text in an SVG, for diagrams and charts. The font is not known, so widths are generous estimates.

/** The mean width of a character, as a share of the size of the font. */
const CHARACTER_WIDTH = 0.56

/** @param {string} text */
export const escapeText = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Returns about how wide a text is. @param {string} text @param {number} fontSize */
export const textWidth = (text, fontSize) => Math.ceil(text.length * fontSize * CHARACTER_WIDTH)

/** Breaks a text at its spaces into lines of at most this width. @param {string} text */
export function wrap(text, width, fontSize) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    const longer = line === '' ? word : `${line} ${word}`
    if (line === '' || textWidth(longer, fontSize) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

/** Returns a number with its digits in groups of three, as the documents write them. @param {number} number */
export const grouped = (number) => Math.round(number).toLocaleString('en').replaceAll(',', '\u00a0')
