const REFERENCE = /\$\{\{\s*([^{}]+?)\s*\}\}/g

/**
 * Fills the references in the values of one service's variables: `${{ OTHER.NAME }}` is the value of another
 * service *in the same environment*, `${{ shared.NAME }}` a variable of the environment, `${{ NAME }}` one of its own
 * (docs/providers/railway.md). So a caller who writes a value may read every secret of the environment.
 *
 * @param {Record<string, string>} own
 * @param {(owner: string) => Record<string, string> | undefined} variablesOf by service name, or `shared`
 * @returns {Record<string, string>}
 */
export function resolveReferences(own, variablesOf) {
  const fill = (text, mine, trail) =>
    text.replace(REFERENCE, (_whole, reference) => {
      const dot = reference.lastIndexOf('.')
      const owner = dot < 0 ? mine : variablesOf(reference.slice(0, dot).trim())
      const value = owner?.[reference.slice(dot + 1).trim()]
      // No source says what Railway does with an unknown or circular reference. An empty value is harmless.
      if (value === undefined || trail.includes(reference)) return ''
      return fill(value, owner, [...trail, reference])
    })
  return Object.fromEntries(Object.entries(own).map(([name, text]) => [name, fill(text, own, [])]))
}
