/**
 * What an image server said of the image it made, beside its seed. The members are spelled and meant as in the answer of
 * OpenAI's images API (https://platform.openai.com/docs/api-reference/images/object), through which they are passed on;
 * what was not said, or cannot be, is absent.
 */
export interface ImageReport {
  /** The prompt as the server rewrote it before it made the image. */
  revised_prompt?: string
  quality?: Quality
  background?: Background
  /** Of the one call to the server that made this image. It is the server's account, not what anybody is limited by. */
  usage?: TokenUsage
}

/** Whole numbers from 0 on. */
export interface TokenUsage {
  total_tokens: number
  input_tokens: number
  output_tokens: number
  input_tokens_details: TokenDetails
  output_tokens_details?: TokenDetails
}

export interface TokenDetails {
  text_tokens: number
  image_tokens: number
}

/** What was resolved: `auto` is none of them. The last two are of the DALL·E family. */
export const QUALITIES = ['low', 'medium', 'high', 'xhigh', 'max', 'standard', 'hd'] as const
export type Quality = (typeof QUALITIES)[number]
export const BACKGROUNDS = ['transparent', 'opaque'] as const
export type Background = (typeof BACKGROUNDS)[number]

/** Longer ones are no words, and none of those below. */
const MAX_WORD_CHARS = 40

/** The word among those, in whatever case it was written; undefined when it is none of them. */
export function wordOf<T extends string>(words: readonly T[], text: unknown): T | undefined {
  if (typeof text !== 'string' || text.length > MAX_WORD_CHARS) return undefined
  const written = text.trim().toLowerCase()
  return words.find((word) => word === written)
}

/** A report as it came from somebody's machine. */
export type ToldReport = Omit<ImageReport, 'quality' | 'background'> & { quality?: string; background?: string }

/**
 * What of a report can be passed on with an image. Words of later versions are not, nor a transparent background of an
 * image without alpha: it was made opaque on its way.
 */
export function settleReport(told: ToldReport, image: { hasAlpha: boolean }): ImageReport {
  const { revised_prompt, usage } = told
  const quality = wordOf(QUALITIES, told.quality)
  const background = wordOf(BACKGROUNDS, told.background)
  return {
    ...(revised_prompt !== undefined && revised_prompt.trim() !== '' && { revised_prompt }),
    ...(quality && { quality }),
    ...(background && (image.hasAlpha || background === 'opaque') && { background }),
    ...(usage && { usage })
  }
}

/** Undefined when there is none, one of them is unknown, or a sum is more than JavaScript counts exactly. */
export function sumUsage(usages: readonly (TokenUsage | undefined)[]): TokenUsage | undefined {
  const known = usages.filter((usage) => usage !== undefined)
  if (known.length === 0 || known.length < usages.length) return undefined
  const sumOf = (countOf: (usage: TokenUsage) => number) => known.reduce((sum, usage) => sum + countOf(usage), 0)
  const detailsOf = (partOf: (usage: TokenUsage) => TokenDetails | undefined): TokenDetails => ({
    text_tokens: sumOf((usage) => partOf(usage)?.text_tokens ?? 0),
    image_tokens: sumOf((usage) => partOf(usage)?.image_tokens ?? 0)
  })
  const sum: TokenUsage = {
    total_tokens: sumOf((usage) => usage.total_tokens),
    input_tokens: sumOf((usage) => usage.input_tokens),
    output_tokens: sumOf((usage) => usage.output_tokens),
    input_tokens_details: detailsOf((usage) => usage.input_tokens_details),
    ...(known.every((usage) => usage.output_tokens_details) && {
      output_tokens_details: detailsOf((usage) => usage.output_tokens_details)
    })
  }
  const { input_tokens_details: input, output_tokens_details: output, ...counts } = sum
  const all = [counts, input, output ?? {}].flatMap((part) => Object.values(part) as number[])
  return all.every(Number.isSafeInteger) ? sum : undefined
}

/** The value when all have the same one. */
export const agreedOn = <T>(values: readonly (T | undefined)[]): T | undefined =>
  values.every((value) => value === values[0]) ? values[0] : undefined
