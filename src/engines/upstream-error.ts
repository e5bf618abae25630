import { members, parseJson, upstreamErrorText } from './upstream-text.ts'

export interface UpstreamError {
  /** As the server wrote it: not yet fit for callers. */
  text: string
  /** Empty when there is none, as those below. */
  code: string
  type: string
  /** Azure's more precise one. */
  innerCode: string
  /** The request field at fault. */
  param: string
}

/** Reads any error body: OpenAI's envelope, a plain string, FastAPI's `detail`, or text. */
export function parseUpstreamError(body: string): UpstreamError {
  const { error, detail } = members(parseJson(body))
  const { code, type, param, innererror, inner_error } = members(error)
  const location: unknown = Array.isArray(detail) ? members(detail[0]).loc : undefined
  return {
    text: upstreamErrorText(body),
    code: nonEmpty(code) ?? '',
    type: nonEmpty(type) ?? '',
    innerCode: nonEmpty(members(innererror ?? inner_error).code) ?? '',
    param: nonEmpty(param) ?? nonEmpty(Array.isArray(location) ? location.at(-1) : undefined) ?? ''
  }
}

const nonEmpty = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
