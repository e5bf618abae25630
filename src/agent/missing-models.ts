import type { ServerDescription } from '../engines/engine.ts'
import type { FoundModel } from '../engines/inventory.ts'
import { closestName, isMisspelling } from '../lib/closest-name.ts'
import type { AgentService } from './agent-services.ts'
import { isSameModel } from './same-model.ts'

/** What is said of models that an image server does not list. */
interface ListProblem {
  /** A sentence fit for everybody. */
  text: string
  /** Ids of those that it certainly lacks. */
  missing?: readonly string[]
}

/** Longest text of what is wrong with an image server, in characters. */
export const MAX_TEXT_CHARS = 300

/** Models that an image server has refused as missing, each for as long as its list stays what it was then. */
export class RefusedModels {
  /** By id, the list; absent until it is read the first time after the refusal, for it may have become another just before. */
  readonly #lists = new Map<string, string | undefined>()

  add(id: string): void {
    this.#lists.set(id, undefined)
  }

  /** Ids of those that are refused by a server that lists these. An empty list says nothing, not that it is another. */
  by(listed: readonly string[]): ReadonlySet<string> {
    if (listed.length === 0) return new Set()
    const now = JSON.stringify(listed.toSorted())
    for (const [id, list] of this.#lists) {
      if (list === undefined) this.#lists.set(id, now)
      else if (list !== now) this.#lists.delete(id)
    }
    return new Set(this.#lists.keys())
  }
}

/**
 * Declared models that are not in the list. Unless it is whole, a list that names nothing says nothing, and one that names a single model may
 * be of a server that takes any name for the one it has, until it has refused a name that it does not list. Until then models count as
 * missing there whose name is its name misspelt, and of others it is asked whether they are right.
 */
export function missingFrom(
  {
    models: listed,
    isWhole = false,
    takes,
    inventory
  }: Pick<ServerDescription, 'models' | 'isWhole' | 'takes' | 'inventory'>,
  { config }: Pick<AgentService, 'config'>,
  lacked: ReadonlySet<string>
): ListProblem | undefined {
  const [only] = listed
  if (only === undefined && !isWhole) return undefined
  const unlisted = config.models.filter(({ servedAs }) => !isAmong(listed)(servedAs) && !takes?.(servedAs))
  const takesNoOther = isWhole || listed.length > 1 || unlisted.some(({ id }) => lacked.has(id))
  const isMeant = ({ servedAs }: { servedAs: string }) => only !== undefined && isMisspelling(servedAs, only)
  const missing = unlisted.filter((model) => takesNoOther || isMeant(model))
  const offered = only === NAME_OF_ANY ? [] : unlisted.filter((model) => !missing.includes(model))
  const [first] = missing
  if (first === undefined) return only === undefined ? undefined : doubtNames(offered, only)
  const near = nearModel(first.servedAs, [...listed.map(asFound), ...(inventory?.models ?? [])].filter(isShort))
  const meant = near === undefined ? '' : `; did you mean '${near}'?`
  const remedy = meant === '' && !isWhole ? " Without a list that is right, say 'check_models: false'." : ''
  const tell = (doubt: string) =>
    nameWhatFits(
      missing,
      (names) =>
        `The image server does not list the ${missing.length > 1 ? 'models' : 'model'} ${names}: not offered${meant || '.'} It has ${listFew(namesIn(inventory) ?? [...new Set(listed)])}.${doubt}${remedy}`
    )
  const text =
    offered.length > 0
      ? nameWhatFits(offered, (names) => tell(` Nor does it list ${names}: offered until refused.`))
      : tell('')
  return { text, missing: missing.map(({ id }) => id) }
}

/** Of all that each model may be called by the one name that an agent's file would have; undefined where nothing is told of them. */
function namesIn(inventory: ServerDescription['inventory']): readonly string[] | undefined {
  const { models = [], unclearModels = [] } = inventory ?? {}
  const names = [...new Set([...models.map(({ servedAs }) => servedAs), ...unclearModels])]
  return names.length === 0 ? undefined : names
}

/** Longer names are no slip of a pen, and would leave no room for the rest of the sentence. */
const isShort = ({ servedAs }: FoundModel): boolean => servedAs.length <= 60

const asFound = (servedAs: string): FoundModel => ({ servedAs, name: bareName(servedAs) })

const bareName = (name: string): string => withoutEnding(name.replace(/^.*[\\/]/, ''))

/** A name of a file of a model without what says how it is stored. */
export const withoutEnding = (name: string): string => name.replace(/\.(?:safetensors?|sft|ckpt|pth?|gguf|bin)$/i, '')

/** The model that a misspelt name may mean, as its server calls it: a folder and the ending of a file need not be there. */
export function nearModel(servedAs: string, models: readonly FoundModel[]): string | undefined {
  const called = new Map(
    models.flatMap((one) => [[one.servedAs, one.servedAs] as const, [one.name ?? one.servedAs, one.servedAs] as const])
  )
  const names = [...called.keys()]
  const meant = closestName(servedAs, names) ?? closestName(bareName(servedAs), names)
  return meant === undefined ? undefined : called.get(meant)
}

/** A model by the name that was looked for, and by its own where that is another. */
const nameAsked = ({ id, servedAs }: AgentService['config']['models'][number]): string =>
  id === servedAs ? `'${id.slice(0, 100)}'` : `'${servedAs.slice(0, 60)}' (served_as of '${id.slice(0, 40)}')`

/** What stable-diffusion.cpp calls its model, whichever it is. */
const NAME_OF_ANY = 'sd-cpp-local'

function doubtNames(unlisted: AgentService['config']['models'], only: string): ListProblem | undefined {
  if (unlisted.length === 0) return undefined
  const write = (names: string) =>
    `The image server lists '${only.slice(0, 60)}' alone, not ${names}: a misspelling? If it takes any name, say 'check_models: false'.`
  return { text: nameWhatFits(unlisted, write) }
}

const MOST_NAMED = 10

/** A text of models that names as many of them as there is room for, and one in any case. */
function nameWhatFits(models: AgentService['config']['models'], write: (names: string) => string): string {
  for (let count = Math.min(models.length, MOST_NAMED); count > 1; count -= 1) {
    const text = write(nameFew(models, count))
    if (text.length <= MAX_TEXT_CHARS) return text
  }
  return write(nameFew(models, 1))
}

/** The first `count` of models by name, and how many more there are. */
function nameFew(models: AgentService['config']['models'], count: number): string {
  const names = models.slice(0, count).map(nameAsked)
  const more = models.length - names.length
  const last = more > 0 ? `${more} more` : names.pop()
  return names.length > 0 ? `${names.join(', ')} and ${last}` : `${last}`
}

/** The first of a server's names, as much of them as a line of a terminal holds. */
function listFew(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const few = names.slice(0, 5).map((name) => `'${name.slice(0, 40)}'`)
  return few.join(', ') + (names.length > few.length ? ` and ${names.length - few.length} more` : '')
}

export const isAmong =
  (names: readonly string[]) =>
  (servedAs: string): boolean =>
    names.some((name) => isSameModel(name, servedAs))
