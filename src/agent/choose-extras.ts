/** Fields of a call that this product does not know, or all of them. */
export type Extras = readonly string[] | 'any'

const MOST_NAMED = 10
const LONGEST_NAME = 40

/**
 * Splits the fields that this product does not know into those that the service or its engine lets through and the
 * others, which a warning names.
 */
export function chooseExtras(
  extra: Record<string, unknown>,
  allowed: { service: Extras | undefined; engine: Extras | undefined }
): { extra: Record<string, unknown>; warnings: string[] } {
  const isAllowed = (name: string) =>
    [allowed.service, allowed.engine].some((extras) => extras === 'any' || extras?.includes(name))
  const withheld = Object.keys(extra).filter((name) => !isAllowed(name))
  return {
    extra: Object.fromEntries(Object.entries(extra).filter(([name]) => isAllowed(name))),
    warnings: withheld.length === 0 ? [] : [`${listed(withheld)}: not sent, because the service does not list it.`]
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).map((name) => `'${shorten(name)}'`)
  return names.length > MOST_NAMED ? `${shown.join(', ')} and ${names.length - MOST_NAMED} more` : shown.join(', ')
}

const shorten = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1).toWellFormed()}…` : name
