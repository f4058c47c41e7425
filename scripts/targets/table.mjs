/** Rows of named cells as text in columns. @param {Record<string, unknown>[]} rows */
export function table(rows) {
  const columns = [...new Set(rows.flatMap(Object.keys))]
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))]
  return align(lines, (cell, width) => cell.padEnd(width))
}

/** Lines of cells as text in columns. @param {(cell: string, width: number, column: number) => string} pad */
export function align(lines, pad) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines.map((line) => line.map((cell, index) => pad(cell, widths[index], index)).join('  ').trimEnd()).join('\n')
}
