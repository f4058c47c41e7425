/**
 * Returns a function that returns the parts of a path for which the `:words` of a pattern stand, by word and not
 * decoded; nothing for another path. `:word` stands for one segment that is not empty, `*` for the rest.
 *
 * @param {string} pattern `/services/:id/deploys`
 * @returns {(path: string) => Record<string, string> | undefined}
 */
export function compilePath(pattern) {
  const words = []
  const source = pattern.split('/').map((segment) => {
    if (segment === '*') return '.*'
    if (!segment.startsWith(':')) return segment.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    words.push(segment.slice(1))
    return '([^/]+)'
  })
  const expression = new RegExp(`^${source.join('/')}$`)
  return (path) => {
    const found = expression.exec(path)
    return found ? Object.fromEntries(words.map((word, index) => [word, found[index + 1]])) : undefined
  }
}
