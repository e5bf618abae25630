/** Pages of a CSV file as one: each begins with the same heading, a line without quoted line breaks. */
export const joinCsv = ([first = '', ...more]: readonly string[]): string =>
  first + more.map((page) => page.slice(page.indexOf('\n') + 1)).join('')
