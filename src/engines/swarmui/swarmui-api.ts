import type { Size } from '../../images/image-request.ts'
import type { NamedChoice } from '../samplers.ts'
import { members } from '../upstream-text.ts'

/**
 * What this product reads of SwarmUI's API, leniently: members may be missing, null or of another kind.
 * https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/API.md
 */

/** More than these are not looked at: nobody has as many files. */
const MOST_ENTRIES = 20_000
const MAX_NAME_CHARS = 500

export interface SessionFacts {
  id: string
  /** With what begin paths of its user's files. */
  folder: string
  version: string
}

/** Of `GetNewSession`; undefined when that is something else. */
export function parseSession(fields: Record<string, unknown>): SessionFacts | undefined {
  const { session_id: id, user_id: user, output_append_user: appends, version } = fields
  if (typeof id !== 'string' || !/^[\w-]{1,200}$/.test(id)) return undefined
  return { id, folder: appends === false ? 'Output/' : `View/${textOf(user)}/`, version: textOf(version).slice(0, 40) }
}

export interface ServerModel {
  /** In full: by it a model is chosen. */
  name: string
  /** What kind of model it is, by SwarmUI's names; empty when it does not know. */
  kind: string
  /** What it was made for. */
  size: Size | undefined
  isLoaded: boolean
}

/** The models of `ListModels`; undefined when that is something else. */
export const parseModels = ({ files }: Record<string, unknown>): ServerModel[] | undefined =>
  Array.isArray(files) ? listOf(files).flatMap((file) => parseModel(file) ?? []) : undefined

/** A model of `DescribeModel` or a list; undefined when that is something else. */
export function parseModel(value: unknown): ServerModel | undefined {
  const { name, architecture, compat_class, standard_width, standard_height, loaded } = members(value)
  if (textOf(name) === '') return undefined
  return {
    name: textOf(name),
    kind: [architecture, compat_class].map(textOf).join(' ').trim(),
    size:
      isSide(standard_width) && isSide(standard_height)
        ? { width: standard_width, height: standard_height }
        : undefined,
    isLoaded: loaded === true
  }
}

const isSide = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 64 && Number(value) <= 4096

/** The values that a parameter of `ListT2IParams` may have; empty when it has no list of them. */
export function parseChoices({ list }: Record<string, unknown>, id: string): NamedChoice[] {
  const found = listOf(list)
    .map(members)
    .find((parameter) => parameter.id === id)
  const labels = listOf(found?.value_names)
  return listOf(found?.values).flatMap((value, index) => {
    const name = textOf(value)
    return name === '' ? [] : [{ name, names: [name, textOf(labels[index])].filter((text) => text !== '') }]
  })
}

/** One thing that the stream of a generation tells. */
export type SwarmEvent =
  /** `isBegun`: a backend works for this session, or loads a model for it. */
  | { kind: 'status'; isBegun: boolean }
  /** `part` (0 … 1) is of the step of the work that is being done: for most of the time, that which draws. */
  | { kind: 'progress'; part: number; preview: string | undefined }
  | { kind: 'image'; index: number; image: string; metadata: string }
  | { kind: 'discarded'; indices: unknown[] }
  | { kind: 'refused'; id: string; text: string }
  | { kind: 'over' }

/** What a message tells: several things, or nothing that is known. */
export function parseEvents(message: unknown): SwarmEvent[] {
  const fields = members(message)
  const events: SwarmEvent[] = []
  const refusal = refusalIn(fields)
  if (refusal) events.push({ kind: 'refused', ...refusal })
  if ('status' in fields) {
    const { live_gens: live, loading_models: loading } = members(fields.status)
    events.push({ kind: 'status', isBegun: numberOf(live) > 0 || numberOf(loading) > 0 })
  }
  if ('gen_progress' in fields) {
    const { current_percent: current, preview } = members(fields.gen_progress)
    const part = Math.max(0, Math.min(1, numberOf(current)))
    events.push({ kind: 'progress', part, preview: typeof preview === 'string' ? preview : undefined })
  }
  // The documents have it nested, the server sends it flat.
  const told = typeof fields.image === 'string' ? fields : members(fields.image)
  if (typeof told.image === 'string') {
    events.push({ kind: 'image', index: indexOf(told.batch_index), image: told.image, metadata: textIn(told.metadata) })
  }
  if ('discard_indices' in fields) events.push({ kind: 'discarded', indices: listOf(fields.discard_indices) })
  if (fields.socket_intention === 'close') events.push({ kind: 'over' })
  return events
}

export interface SwarmRefusal {
  /** Empty when it has none. */
  id: string
  text: string
}

/** The error of an answer or a message, which has the status of a success. */
export function refusalIn({ error, error_id: id }: Record<string, unknown>): SwarmRefusal | undefined {
  if (typeof error !== 'string' && typeof id !== 'string') return undefined
  return { id: textIn(id), text: textIn(error) }
}

/** The seed that the metadata of an image tells; undefined when they do not. */
export function seedIn(metadata: unknown): number | undefined {
  const { seed } = members(members(metadata).sui_image_params)
  return Number.isSafeInteger(seed) && Number(seed) >= 0 ? Number(seed) : undefined
}

/** −1 and below: a picture beside the one that was asked for. */
const indexOf = (value: unknown): number => {
  const index = typeof value === 'string' && /^-?\d{1,6}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(index) ? Number(index) : -1
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]).slice(0, MOST_ENTRIES) : [])

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')

const textOf = (value: unknown): string => (textIn(value).length <= MAX_NAME_CHARS ? textIn(value).trim() : '')

const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
