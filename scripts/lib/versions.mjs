/** Compares texts whose numbers count as numbers, for `sort`: `2.9` comes before `2.17`, and that before `2.17.1`. */
export const compareVersions = new Intl.Collator('en', { numeric: true }).compare
