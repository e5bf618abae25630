import { createParser } from 'eventsource-parser'
import { base64Length } from '../../lib/encode-base64.ts'
import { EngineError, type EngineRun } from '../engine.ts'
import { showPreviewText } from '../image-text.ts'
import { AnswerLifter, type LiftedPictures } from '../lifted-pictures.ts'
import { base64AnswerBytes, tooManyBytes, type UpstreamAnswer } from '../upstream-http.ts'
import { members, parseJson } from '../upstream-text.ts'
import { parseImagesAnswer } from './openai-answer.ts'

/** OpenAI sends three at most; a server that sends many more sends something else. */
const MOST_PREVIEWS = 20
/** Heartbeats for hours, and events that mean nothing here. */
const MAX_OTHER_BYTES = 8 * 1024 * 1024
const PARTIAL = /partial_image$/

/**
 * Reads an image call's events: previews go to `run`, and what the last of them says is the answer, as if the server had
 * answered with it alone: the image, or an error with the status that it stands for. Reading stops there. Events, comments and all
 * are bounded in number and bytes. `lifted`: the pictures of a body that was read before it was known to be events. Throws `bad_output` for a stream that is too long, or ends or breaks off without either.
 */
export async function readImageEvents(
  body: AsyncIterable<Uint8Array>,
  { run, maxImageBytes, lifted }: { run: EngineRun; maxImageBytes: number; lifted?: LiftedPictures | undefined }
): Promise<UpstreamAnswer> {
  const lifter = new AnswerLifter({ maxPictureBytes: maxImageBytes })
  const pictures = lifted ?? lifter.pictures
  const maxEventChars = base64AnswerBytes(maxImageBytes)
  const limit = { bytes: maxEventChars + MAX_OTHER_BYTES, previews: MOST_PREVIEWS }
  let answer: UpstreamAnswer | undefined
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ data }) => {
      if (answer) return
      const event = members(parseJson(data))
      const preview = previewIn(event)
      if (preview === undefined) return (answer = answerIn(event, data, pictures))
      limit.previews -= 1
      if (limit.previews < 0) throw tooManyBytes()
      const picture = preview.slice(preview.indexOf(',') + 1)
      limit.bytes += data.length + base64Length(pictures.get(picture)?.length ?? 0)
      showPreviewText(preview, run, { maxBytes: maxImageBytes, pictures })
      pictures.delete(picture)
    },
    onError: ({ type }) => {
      // A line of another kind is passed over, as all clients do.
      if (type === 'max-buffer-size-exceeded') throw tooManyBytes()
    }
  })
  const decoder = new TextDecoder()
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength
      lifter.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
      parser.feed(decoder.decode(lifter.takeText(), { stream: true }))
      if (answer) return answer
      if (bytes > limit.bytes) throw tooManyBytes()
    }
  } catch (error) {
    if (error instanceof EngineError) throw error
    // The work was done, as far as anybody knows, and what cut it off may well do so again.
    throw new EngineError('bad_output', 'The image server broke off in the middle of its events.', { cause: error })
  }
  // Some leave out the blank line after the last one.
  parser.feed('\n\n')
  if (answer) return answer
  throw new EngineError('bad_output', 'The image server ended its events without an image.')
}

/** Whether text that was not announced as events is some nevertheless. */
export const looksLikeEvents = (body: string): boolean => /^\uFEFF?(?:event|data|id|retry)?:/.test(body.slice(0, 16))

function previewIn(event: Record<string, unknown>): string | undefined {
  const { type, b64_json } = event
  return typeof type === 'string' && PARTIAL.test(type) ? (typeof b64_json === 'string' ? b64_json : '') : undefined
}

/** Undefined of an event that ends nothing. */
function answerIn(event: Record<string, unknown>, data: string, pictures: LiftedPictures): UpstreamAnswer | undefined {
  const isError = event.type === 'error' || (event.error !== undefined && event.error !== null)
  if (isError) return { status: statusOf(event), body: data }
  return parseImagesAnswer(data) ? { status: 200, body: data, pictures } : undefined
}

/** That of an answer which says the same. Codes: https://platform.openai.com/docs/guides/error-codes */
function statusOf(event: Record<string, unknown>): number {
  const { type, code, status } = { ...event, ...members(event.error) }
  if (typeof status === 'number' && status >= 400 && status < 600) return status
  const words = `${String(type)} ${String(code)}`
  if (/rate_limit|quota|overloaded|too_many_requests/.test(words)) return 429
  return /invalid|user_error|moderation|content_(?:policy|filter)|bad_request/.test(words) ? 400 : 500
}
