export interface Answer {
  status: number
  headers: Record<string, string>
  text: string
  /** Bytes that came behind its end. */
  bytesBehind: number
}

/** What no answer may tell: how the program is built, and what it keeps to itself. */
const INTERNAL = /node_modules|\/src\/|\n\s+at |SQLITE_|ECONN|ENOENT/
const LONGEST_MESSAGE = 5000

/** What an answer breaks of what the API promises of every one; undefined when it is in order. */
export function faultOf(answer: Answer, call: { method: string; target: string }): string | undefined {
  const { status, headers, text, bytesBehind } = answer
  if (bytesBehind > 0) return 'something comes behind the answer'
  if (!(status >= 200 && status < 500)) {
    const saysWhen = status === 503 && /^\d+$/.test(headers['retry-after'] ?? '')
    if (!saysWhen) return `the status is ${status}`
  }
  if (status < 400) return undefined
  if (headers['x-request-id'] === undefined) return 'there is no x-request-id'
  if (call.method === 'HEAD') return undefined
  // The sign-in's errors are those of its library; guides and what is shown without an account are pages.
  if (/^\/+(api\/+auth|guides|share|public)(\/|\?|$)/.test(call.target))
    return INTERNAL.test(text) ? 'it tells of the inside' : undefined
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return 'the error is no JSON'
  return faultOfError(text)
}

function faultOfError(text: string): string | undefined {
  let body: { error?: Record<string, unknown> } | null
  try {
    body = JSON.parse(text) as typeof body
  } catch {
    return 'the error is no JSON'
  }
  const error = body?.error
  if (typeof error !== 'object' || error === null) return 'there is no error in it'
  const { fields = {}, ...always } = error
  if (Object.keys(always).sort().join() !== 'code,message,param,type') return 'the error has other members'
  if (!isSentences(fields)) return 'the fields are no sentences'
  const { code, message, param, type } = always
  if (typeof code !== 'string' || !/^[a-z]+(_[a-z]+)*$/.test(code) || type !== code) return 'code or type is wrong'
  if (typeof message !== 'string' || !/\S/.test(message)) return 'there is no message'
  if (message.length > LONGEST_MESSAGE) return 'the message is endless'
  if (param !== null && typeof param !== 'string') return 'param is no text'
  return INTERNAL.test(message) ? 'it tells of the inside' : undefined
}

/** Whether it is what `error.fields` is where several fields are refused: a sentence for each, by its name. */
function isSentences(fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return false
  return Object.values(fields).every((text) => typeof text === 'string' && /\S/.test(text) && !INTERNAL.test(text))
}
