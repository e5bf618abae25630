import {
  BACKGROUNDS,
  type ImageReport,
  QUALITIES,
  type TokenDetails,
  type TokenUsage,
  wordOf
} from '../../images/image-report.ts'
import { cleanText } from '../../lib/clean-text.ts'
import { members } from '../upstream-text.ts'

/** As long as a prompt may be; what travels on is shorter still. */
const MAX_REVISED_PROMPT_CHARS = 32_000
/** OpenAI's, what others make of it, and Alibaba's. */
const REVISED_PROMPTS = ['revised_prompt', 'revisedPrompt', 'actual_prompt']

/**
 * What an answer says of its image. `places` are objects of the answer that may say it, nearest to the image first. Usage
 * is taken whole or not at all: clients fail on one that is partial, or counted as chats are.
 */
export function readReport(places: readonly Record<string, unknown>[]): ImageReport {
  const first = <T>(read: (place: Record<string, unknown>) => T | undefined): T | undefined =>
    places.map(read).find((value) => value !== undefined)
  const revised_prompt = first((place) =>
    REVISED_PROMPTS.map((name) => textOf(place[name])).find((text) => text !== undefined)
  )
  const quality = first((place) => wordOf(QUALITIES, place.quality))
  const background = first((place) => wordOf(BACKGROUNDS, place.background))
  const usage = first((place) => usageOf(place.usage))
  return {
    ...(revised_prompt && { revised_prompt }),
    ...(quality && { quality }),
    ...(background && { background }),
    ...(usage && { usage })
  }
}

/** On one line, as all that providers' machines say; undefined when nothing is left. */
const textOf = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined
  const text = cleanText(value.slice(0, 2 * MAX_REVISED_PROMPT_CHARS), MAX_REVISED_PROMPT_CHARS).trim()
  return text === '' ? undefined : text
}

function usageOf(value: unknown): TokenUsage | undefined {
  const { total_tokens, input_tokens, output_tokens, input_tokens_details, output_tokens_details } = members(value)
  const input = detailsOf(input_tokens_details)
  const output = detailsOf(output_tokens_details)
  if (!isCount(total_tokens) || !isCount(input_tokens) || !isCount(output_tokens) || !input) return undefined
  // It may be absent, but not half there.
  if (!output && output_tokens_details !== undefined && output_tokens_details !== null) return undefined
  return {
    total_tokens,
    input_tokens,
    output_tokens,
    input_tokens_details: input,
    ...(output && { output_tokens_details: output })
  }
}

function detailsOf(value: unknown): TokenDetails | undefined {
  const { text_tokens, image_tokens } = members(value)
  return isCount(text_tokens) && isCount(image_tokens) ? { text_tokens, image_tokens } : undefined
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
