/**
 * For how long a server asks to be left alone, in milliseconds: `retry-after-ms`, which OpenAI and Azure send too, or
 * `retry-after` in seconds or as a date (RFC 9110, 10.2.3). Undefined when it does not say, or nothing that can be read; 0
 * when the time has come already. `now` is UTC milliseconds.
 */
export function readRetryAfter(headers: { get(name: string): string | null }, now: number): number | undefined {
  const ms = readNumber(headers.get('retry-after-ms'))
  if (ms !== undefined) return ms
  const after = headers.get('retry-after')
  const seconds = readNumber(after)
  if (seconds !== undefined) return seconds * 1000
  const date = after !== null && /[a-z]/i.test(after) ? Date.parse(after) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

const readNumber = (text: string | null): number | undefined =>
  text !== null && /^\s*\d{1,12}(?:\.\d{0,9})?\s*$/.test(text) ? Number(text) : undefined
