/** CSS colour of a series; the rest, which has no key, is grey. */
export const seriesColour = (series: readonly (string | null)[], index: number): string =>
  series[index] === null ? 'var(--series-rest)' : `var(--series-${index + 1})`

export const REST_NAME = 'All others'
