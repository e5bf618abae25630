import type { NamedChoice } from '../samplers.ts'
import { members, parseJson } from '../upstream-text.ts'

/**
 * What this product reads of the API of stable-diffusion-webui (`/sdapi/v1`) and its imitators, leniently: members may be
 * missing, null or of another kind.
 * - https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API
 * - https://github.com/lllyasviel/stable-diffusion-webui-forge, https://github.com/vladmandic/sdnext
 * - https://github.com/LostRuins/koboldcpp, https://docs.drawthings.ai
 */

/** More than these are not looked at: nobody has as many files. */
const MOST_ENTRIES = 20_000
const MAX_NAME_CHARS = 500

export interface Checkpoint {
  /** `folder/file.safetensors [0123456789]`: by it a checkpoint is chosen. */
  title: string
  /** Of the file's content, as far as the server has counted them. */
  hash: string
  /** All that it may be called by, the title first. */
  names: string[]
}

/** The checkpoints in an answer to `GET sd-models`; undefined when it is no list. */
export function parseCheckpoints(body: string): Checkpoint[] | undefined {
  const parsed = parseJson(body)
  if (!Array.isArray(parsed)) return undefined
  return parsed.slice(0, MOST_ENTRIES).flatMap((entry) => {
    const { title, model_name, hash, sha256, filename } = members(entry)
    const names = [title, model_name].map(nameOf).filter((name) => name !== '')
    const [first] = names
    if (first === undefined) return []
    const hashes = [hash, sha256].map(nameOf).filter((name) => name !== '')
    const file = fileOf(nameOf(filename))
    const spellings = [...names, ...names.map(withoutHash), file, ...[...names, file].map(stemOf), ...hashes]
    return [{ title: first, hash: nameOf(hash), names: [...new Set(spellings.filter((name) => name !== ''))] }]
  })
}

/** `file [0123456789]` → `file`. */
export const withoutHash = (title: string): string => title.replace(/\s*\[[0-9a-f]{6,64}\]$/i, '')

const fileOf = (path: string): string => path.split(/[\\/]/).at(-1) ?? ''

/** What a checkpoint is called whatever folder and format it lies in. */
export const stemOf = (name: string): string =>
  fileOf(withoutHash(name)).replace(/\.(?:safetensors|ckpt|gguf|sft|pth?|bin)$/i, '')

const nameOf = (value: unknown): string =>
  typeof value === 'string' && value.length <= MAX_NAME_CHARS ? value.trim() : ''

/** The choices in an answer to `GET samplers` or `GET schedulers`; empty when it is no list. */
export function parseChoices(body: string): NamedChoice[] {
  const parsed = parseJson(body)
  if (!Array.isArray(parsed)) return []
  return parsed.slice(0, MOST_ENTRIES).flatMap((entry) => {
    const { name, label, aliases } = members(entry)
    const own = [name, label].map(nameOf).filter((text) => text !== '')
    const [first] = own
    const others = Array.isArray(aliases) ? aliases.slice(0, 50).map(nameOf) : []
    return first === undefined ? [] : [{ name: first, names: [...own, ...others.filter((text) => text !== '')] }]
  })
}

/** Whether that is the page of stable-diffusion-webui or of its kin, which is there without the API, too. */
export const isWebuiPage = (html: string): boolean =>
  /gradio/i.test(html) && /<title>[^<]*(?:stable diffusion|sd\.next)/i.test(html)

export interface MadeImages {
  /** Base64 or data URLs; those of one image. */
  images: string[]
  /** As the server says, which may say none of these. */
  seed: number | undefined
  modelName: string
  modelHash: string
}

/**
 * The images in an answer to `txt2img` or `img2img`: grids before and maps behind those that were asked for are left
 * out.
 */
export function parseMade(body: string): MadeImages {
  const { images, info } = members(parseJson(body))
  const all = (Array.isArray(images) ? (images as unknown[]) : []).filter((image) => typeof image === 'string')
  const told = members(typeof info === 'string' ? parseJson(info) : info)
  const seeds = Array.isArray(told.all_seeds) ? (told.all_seeds as unknown[]) : []
  const first = typeof told.index_of_first_image === 'number' ? told.index_of_first_image : 0
  return {
    images: Number.isSafeInteger(first) && first > 0 && first < all.length ? all.slice(first) : all,
    seed: [seeds[0], told.seed].find((seed): seed is number => Number.isSafeInteger(seed) && Number(seed) >= 0),
    modelName: nameOf(told.sd_model_name),
    modelHash: nameOf(told.sd_model_hash)
  }
}

export interface GlobalProgress {
  isIdle: boolean
  /** Tells one job from the next. */
  timestamp: string
  /** Of whatever the server works on, or has worked on last. */
  isInterrupted: boolean
  step: number
  steps: number
  preview: string | undefined
}

/** What an answer to `GET progress` tells; undefined when it is something else. */
export function parseGlobalProgress(body: string): GlobalProgress | undefined {
  const { state, current_image } = members(parseJson(body))
  const { job_count, job_timestamp, interrupted, skipped, sampling_step, sampling_steps } = members(state)
  if (typeof job_count !== 'number') return undefined
  return {
    isIdle: job_count === 0,
    timestamp: String(job_timestamp),
    isInterrupted: interrupted === true || skipped === true,
    step: numberOf(sampling_step),
    steps: numberOf(sampling_steps),
    preview: typeof current_image === 'string' && current_image !== '' ? current_image : undefined
  }
}

export interface TaskProgress {
  /** Whether the server works on this very task now. */
  isActive: boolean
  /** It has not come to it yet. */
  isQueued: boolean
  isCompleted: boolean
  /** 0 … 1. */
  part: number
  preview: string | undefined
  previewId: number
}

/** What an answer to `POST /internal/progress` tells; undefined when it is something else. */
export function parseTaskProgress(body: string): TaskProgress | undefined {
  const { active, queued, completed, progress, live_preview, id_live_preview } = members(parseJson(body))
  if (typeof active !== 'boolean') return undefined
  return {
    isActive: active,
    isQueued: queued === true,
    isCompleted: completed === true,
    part: Math.max(0, Math.min(1, numberOf(progress))),
    preview: typeof live_preview === 'string' && live_preview !== '' ? live_preview : undefined,
    previewId: Number.isSafeInteger(id_live_preview) ? (id_live_preview as number) : -1
  }
}

const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
