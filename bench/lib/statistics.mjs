/** @param {number[]} values @returns {number} the middle one; NaN of none */
export function median(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((left, right) => left - right)
  if (sorted.length === 0) return Number.NaN
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The median of the ratios of pairs. The two of a pair were measured one right after the other, so that what slows the
 * machine for a while slows both.
 *
 * @param {number[]} above @param {number[]} below
 */
export function medianRatio(above, below) {
  const pairs = Math.min(above.length, below.length)
  return median(Array.from({ length: pairs }, (_, index) => above[index] / below[index]))
}
