import { type NamedChoice } from '../samplers.ts'
import { members, parseJson } from '../upstream-text.ts'

/**
 * What this product reads of the native API of stable-diffusion.cpp's server, leniently.
 * https://github.com/leejet/stable-diffusion.cpp/blob/master/examples/server/api.md
 */

const MOST_ENTRIES = 20_000
const MAX_NAME_CHARS = 500

export interface Capabilities {
  /** File name of its one model and the same without its ending; empty where it does not tell. */
  model: { name: string; stem: string }
  /** It makes images, and not videos alone. */
  makesImages: boolean
  minSide: number
  maxSide: number
  samplers: NamedChoice[]
  schedulers: NamedChoice[]
  loras: { name: string; path: string }[]
}

/** Of `GET capabilities`; undefined when that is something else. */
export function parseCapabilities(body: string): Capabilities | undefined {
  const { model, supported_modes, limits, samplers, schedulers, loras } = members(parseJson(body))
  if (!Array.isArray(supported_modes)) return undefined
  const { name, stem } = members(model)
  const { min_width, max_width, min_height, max_height } = members(limits)
  return {
    model: { name: textOf(name), stem: textOf(stem) },
    makesImages: supported_modes.includes('img_gen'),
    minSide: Math.max(sideOf(min_width, 64), sideOf(min_height, 64)),
    maxSide: Math.min(sideOf(max_width, 4096), sideOf(max_height, 4096)),
    samplers: choicesOf(samplers),
    schedulers: choicesOf(schedulers),
    loras: listOf(loras).flatMap((entry) => {
      const lora = { name: textOf(members(entry).name), path: textOf(members(entry).path) }
      return lora.name === '' || lora.path === '' ? [] : [lora]
    })
  }
}

const choicesOf = (value: unknown): NamedChoice[] =>
  listOf(value)
    .map(textOf)
    .filter((name) => name !== '')
    .map((name) => ({ name, names: [name] }))

export type JobState =
  | { status: 'waiting' }
  | { status: 'working' }
  | { status: 'done'; images: string[] }
  | { status: 'failed'; message: string }
  | { status: 'canceled' }

/** Of `GET jobs/…`; undefined when that is something else. */
export function parseJob(body: string): JobState | undefined {
  const { status, result, error } = members(parseJson(body))
  switch (status) {
    case 'queued':
      return { status: 'waiting' }
    case 'generating':
      return { status: 'working' }
    case 'completed': {
      const images = listOf(members(result).images).map((image) => textIn(members(image).b64_json))
      return { status: 'done', images: images.filter((image) => image !== '') }
    }
    case 'failed':
      return { status: 'failed', message: textIn(members(error).message) }
    case 'cancelled':
      return { status: 'canceled' }
    default:
      return undefined
  }
}

/** The id of a job that was taken; undefined when the answer holds none that could be one. */
export function parseJobId(body: string): string | undefined {
  const { id } = members(parseJson(body))
  return typeof id === 'string' && /^[\w-]{1,100}$/.test(id) ? id : undefined
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]).slice(0, MOST_ENTRIES) : [])

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')

const textOf = (value: unknown): string => (textIn(value).length <= MAX_NAME_CHARS ? textIn(value).trim() : '')

const sideOf = (value: unknown, usual: number): number =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : usual
