import type { Size } from '../../images/image-request.ts'
import { members } from '../upstream-text.ts'

/** What this product reads of InvokeAI's API, leniently: members may be missing, null or of another kind. */

/** More than these are not looked at: nobody has as many files. */
const MOST_ENTRIES = 20_000
const MAX_NAME_CHARS = 500

/** As nodes take it: `ModelIdentifierField`. */
export interface ModelIdentifier {
  key: string
  hash: string
  name: string
  base: string
  type: string
}

export interface InvokeModel extends ModelIdentifier {
  /** What kind of its base it is, such as `schnell` or `inpaint`; empty where it does not say. */
  variant: string
  /** Of its file. */
  bytes?: number
  /** What its owner has set for it. */
  usual: {
    steps?: number
    cfg?: number
    guidance?: number
    scheduler?: string
    size?: Size
    /** Key of another VAE than its own. */
    vae?: string
    isHalf: boolean
  }
}

/** Of `GET /api/v2/models/`; undefined when that is something else. */
export function parseModels(json: unknown): InvokeModel[] | undefined {
  const { models } = members(json)
  return Array.isArray(models) ? listOf(models).flatMap((model) => parseModel(model) ?? []) : undefined
}

function parseModel(value: unknown): InvokeModel | undefined {
  const { key, hash, name, base, type, variant, file_size: bytes, default_settings: settings } = members(value)
  const identifier = {
    key: textOf(key),
    hash: textOf(hash),
    name: textOf(name),
    base: textOf(base),
    type: textOf(type)
  }
  if (identifier.key === '' || identifier.name === '' || identifier.type === '') return undefined
  const { steps, cfg_scale: cfg, guidance, scheduler, width, height, vae, vae_precision: precision } = members(settings)
  return {
    ...identifier,
    variant: textOf(variant),
    ...(isNumber(bytes, 0, Number.MAX_SAFE_INTEGER) && { bytes }),
    usual: {
      ...(isNumber(steps, 1, 1000) && { steps }),
      ...(isNumber(cfg, 0, 100) && { cfg }),
      ...(isNumber(guidance, 0, 100) && { guidance }),
      ...(textOf(scheduler) !== '' && { scheduler: textOf(scheduler) }),
      ...(isNumber(width, 64, 4096) && isNumber(height, 64, 4096) && { size: { width, height } }),
      ...(textOf(vae) !== '' && { vae: textOf(vae) }),
      isHalf: precision === 'fp16'
    }
  }
}

/** Ids of the items of a batch that was taken. */
export const parseItemIds = (json: unknown): number[] =>
  listOf(members(json).item_ids).filter((id): id is number => Number.isSafeInteger(id) && Number(id) >= 0)

export type ItemState =
  | { status: 'waiting' }
  | { status: 'working' }
  | { status: 'done'; image: string | undefined }
  | { status: 'failed'; type: string; message: string }
  | { status: 'canceled' }

/** A queue's item, and the images that its nodes have made; undefined when it is something else. */
export function parseItem(json: unknown, outputNode: string): { state: ItemState; images: string[] } | undefined {
  const { status, session, error_type: type, error_message: message } = members(json)
  const { results, source_prepared_mapping: mapping } = members(session)
  const [prepared] = listOf(members(mapping)[outputNode])
  const outcome = typeof prepared === 'string' ? members(results)[prepared] : undefined
  const images = Object.values(members(results))
    .slice(0, MOST_ENTRIES)
    .flatMap((result) => imageIn(result) ?? [])
  const told = (state: ItemState) => ({ state, images })
  switch (status) {
    case 'pending':
      return told({ status: 'waiting' })
    case 'in_progress':
    case 'waiting':
      return told({ status: 'working' })
    case 'completed':
      return told({ status: 'done', image: imageIn(outcome) })
    case 'failed':
      return told({ status: 'failed', type: textIn(type), message: textIn(message) })
    case 'canceled':
      return told({ status: 'canceled' })
    default:
      return undefined
  }
}

/** The name of the image of an output, or of one that was taken; undefined when it has none that could be one. */
const imageIn = (result: unknown): string | undefined => parseImageName(members(result).image)

export function parseImageName(value: unknown): string | undefined {
  const { image_name: name } = members(value)
  return typeof name === 'string' && /^[\w-][\w.-]{0,199}$/.test(name) ? name : undefined
}

export interface StepProgress {
  /** 0 … 1; undefined where it is not told. */
  part: number | undefined
  /** A data URL. */
  preview: string | undefined
}

/** Of an event `invocation_progress`. */
export function parseProgress({ percentage, image }: Record<string, unknown>): StepProgress {
  const { dataURL } = members(image)
  return {
    part: isNumber(percentage, 0, 1) ? percentage : undefined,
    preview: typeof dataURL === 'string' ? dataURL : undefined
  }
}

const isNumber = (value: unknown, min: number, max: number): value is number =>
  typeof value === 'number' && value >= min && value <= max

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]).slice(0, MOST_ENTRIES) : [])

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')

const textOf = (value: unknown): string => (textIn(value).length <= MAX_NAME_CHARS ? textIn(value).trim() : '')
