export const CALLERS = ['member', 'admin', 'nobody', 'stranger'] as const
export type Caller = (typeof CALLERS)[number]

export type Pair = [name: string, value: string]

/** A call as it is generated, readable when it is printed. Ids in it are those of `knownId`. */
export interface HttpCase {
  caller: Caller
  method: string
  path: string
  query: Pair[]
  headers: Pair[]
  body: { text: string } | { parts: CasePart[]; isClosed: boolean } | undefined
  /** Sends no more than so many bytes of the body, and says so. */
  cut?: number
}

/** A part of a form; `file` is one of `FILES` and counts in place of `text`. */
export interface CasePart {
  name: string
  filename?: string
  type?: string
  text?: string
  file?: string
}

/** As a query or a form holds it. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
