/** What values a field may have, and its name at the server where that is another one. */
export type KnownExtras = Readonly<Record<string, { isFit: (value: unknown) => boolean; to?: string }>>

/**
 * Extra fields under the server's names, and a warning of those that are not sent: known ones with values that do not fit,
 * and others that match `never`. Numbers may come as text, since forms hold nothing else.
 */
export function chooseCallerExtras(
  extra: Record<string, unknown>,
  { known: table, never }: { known: KnownExtras; never: RegExp }
): { fields: Record<string, unknown>; warnings: string[] } {
  const fields: Record<string, unknown> = {}
  const warnings: string[] = []
  for (const [name, sent] of Object.entries(extra)) {
    const known = Object.hasOwn(table, name) ? table[name] : undefined
    const value = known ? fromText(sent) : sent
    if (known ? known.isFit(value) : !never.test(name)) fields[known?.to ?? name] = value
    else
      warnings.push(
        `'${name.slice(0, 40)}' was not sent to the image server${known ? ': its value does not fit' : ''}.`
      )
  }
  return { fields, warnings: warnings.slice(0, 10) }
}

function fromText(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (/^(?:true|false)$/.test(value)) return value === 'true'
  return /^-?\d{1,12}(?:\.\d{1,12})?$/.test(value) ? Number(value) : value
}

/** Bounds included. */
export function number(min: number, max: number) {
  return (value: unknown): boolean => typeof value === 'number' && value >= min && value <= max
}

export function whole(min: number, max: number) {
  return (value: unknown): boolean => Number.isSafeInteger(value) && number(min, max)(value)
}

export function isSwitch(value: unknown): boolean {
  return typeof value === 'boolean'
}

export const isWord = (value: unknown): boolean => typeof value === 'string' && value.length <= 100

/** The fields that have a value. */
export const withoutUndefined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
