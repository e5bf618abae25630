import type { ImageReport } from '../../images/image-report.ts'
import { members, parseJson, upstreamErrorText } from '../upstream-text.ts'
import { readReport } from './openai-report.ts'

/**
 * Reads the answer to an image call. Besides OpenAI's own shape those of servers that come near it are understood:
 * - the list is called `data`, `images` (stable-diffusion-webui, SwarmUI), `output`, `artifacts` or `predictions`, is one
 *   item instead of a list, is the whole answer, or lies in an object of its own (`result`, stable-diffusion.cpp);
 * - an item is text alone, or an object in which the image has one of the names below, perhaps once more in an object
 *   (`image_url: {url}`).
 */
const LISTS = ['data', 'images', 'image', 'output', 'artifacts', 'predictions']
/** What the whole may lie in once more. */
const WRAPPERS = ['result', 'data', 'output', 'response']
const URL_NAMES = ['url', 'image_url', 'uri']
const BASE64_NAMES = ['b64_json', 'b64', 'base64', 'image_base64', 'image_b64', 'bytesBase64Encoded']
/** Says neither which of the two it holds. */
const EITHER_NAMES = ['image', 'data']
/** How deep objects are followed: `{data: [{image_url: {url}}]}` within a `result`. */
const MOST_NESTED = 3

export type FoundImage = { kind: 'base64'; text: string } | { kind: 'url'; url: string }

export interface ImagesAnswer {
  image: FoundImage
  /** `png`, `jpeg`, … when the server says so. */
  outputFormat: string | undefined
  /** Not part of OpenAI's API; some servers add it to the answer or to the image. */
  seed: number | undefined
  report: ImageReport
}

/** The images in the body of an answer; undefined when it holds none. */
export function parseImagesAnswer(body: string): ImagesAnswer | undefined {
  const parsed = parseJson(body)
  const top = members(parsed)
  for (const place of [parsed, ...WRAPPERS.map((name) => top[name])]) {
    const first = listIn(place)?.find((item) => imageIn(item) !== undefined)
    const image = imageIn(first)
    if (!image) continue
    return {
      image,
      outputFormat: nonEmpty(members(place).output_format) ?? nonEmpty(top.output_format),
      seed: seedOf(members(first).seed) ?? seedOf(members(place).seed) ?? seedOf(top.seed),
      report: readReport([members(first), members(place), top])
    }
  }
  return undefined
}

/** Whether there is a place for images in the body of an answer, be it empty, or at least an error: else it may be another program's. */
export function holdsImages(body: string): boolean {
  const parsed = parseJson(body)
  if (parsed === undefined) return false
  const places = [parsed, ...WRAPPERS.map((name) => members(parsed)[name])]
  return places.some((place) => listIn(place) !== undefined) || upstreamErrorText(body) !== ''
}

/** Why there is no image, in the words of an item or of the whole; empty when nothing is said. */
export function reasonOfNoImage(body: string): string {
  const parsed = parseJson(body)
  const places = [members(parsed), ...(listIn(parsed) ?? []).map(members)]
  const names = ['finish_reason', 'finishReason', 'raiFilteredReason', 'status', 'reason', 'message', 'error']
  const words = places.flatMap((place) => names.map((name) => nonEmpty(place[name])))
  return words.filter((word) => word !== undefined).join(' ')
}

/** Items of the answer; undefined when it has no place for them. */
function listIn(answer: unknown): unknown[] | undefined {
  if (Array.isArray(answer)) return answer
  if (typeof answer !== 'object') return undefined
  const places = members(answer)
  const found = LISTS.map((name) => places[name]).find((place) => place !== undefined && place !== null)
  if (found !== undefined) return Array.isArray(found) ? found : [found]
  return imageIn(answer) ? [answer] : undefined
}

function imageIn(item: unknown, nested = 0): FoundImage | undefined {
  if (typeof item === 'string') return fromText(item)
  if (nested > MOST_NESTED) return undefined
  // Of a name that is absent there would be as many to look for again, at each depth.
  if (typeof item !== 'object' || item === null) return undefined
  const fields = members(item)
  const named = (names: readonly string[], read: (text: string) => FoundImage | undefined) =>
    names.map((name) => {
      const value = fields[name]
      return typeof value === 'string' ? read(value) : imageIn(value, nested + 1)
    })
  const found = [...named(BASE64_NAMES, fromBase64), ...named(URL_NAMES, fromUrl), ...named(EITHER_NAMES, fromText)]
  return found.find((image) => image !== undefined)
}

const fromBase64 = (text: string): FoundImage | undefined => {
  if (/^(?:data|https?):/i.test(text)) return fromUrl(text)
  return text === '' ? undefined : { kind: 'base64', text }
}

const fromUrl = (url: string): FoundImage | undefined =>
  url.trim() === '' ? undefined : { kind: 'url', url: url.trim() }

/** A dot is in every file name and in no base64. */
const fromText = (text: string): FoundImage | undefined =>
  text.slice(0, 4096).includes('.') ? fromUrl(text) : fromBase64(text)

const nonEmpty = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

const seedOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
