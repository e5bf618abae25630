/**
 * SQLite counts to 2^63, JavaScript to 2^53, and `node:sqlite` throws when it meets a number in between, so that one row
 * with one would make every list unreadable that holds it. What is read is brought to the nearest number that is exact,
 * and what is written too, whoever made it up.
 */
const clampBigInt = (value: bigint): number =>
  Number(
    value > Number.MAX_SAFE_INTEGER
      ? Number.MAX_SAFE_INTEGER
      : value < Number.MIN_SAFE_INTEGER
        ? Number.MIN_SAFE_INTEGER
        : value
  )

/** Rows as JavaScript counts them; takes such with `bigint`s in them. */
export function exactRows(rows: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  for (const row of rows) {
    for (const name in row) {
      const value = row[name]
      if (typeof value === 'bigint') row[name] = clampBigInt(value)
    }
  }
  return rows as Record<string, unknown>[]
}

/** Values as they may be written: a whole number that is not exact becomes the nearest that is. */
export function exactValues(values: readonly unknown[]): readonly unknown[] {
  return values.every((value) => !isInexact(value))
    ? values
    : values.map((value) => (isInexact(value) ? clamp(value) : value))
}

const isInexact = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))

const clamp = (value: number | bigint): number =>
  typeof value === 'bigint'
    ? clampBigInt(value)
    : Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))

/** Whether reading failed of a number that JavaScript does not count exactly. */
export const isTooLarge = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ERR_OUT_OF_RANGE'
