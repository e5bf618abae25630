import { didYouMean, isMisspelling } from '../lib/closest-name.ts'
import type { AgentService } from './agent-services.ts'
import { isSameModel } from './same-model.ts'

/** What is said of models that an image server does not list. */
interface ListProblem {
  /** A sentence fit for everybody. */
  text: string
  /** Ids of those that it certainly lacks. */
  missing?: readonly string[]
}

/**
 * Declared models that are not in the list. A list that names nothing says nothing; one that names a single model may be of a
 * server that takes any name for the one it has: there, models count as missing that the server has refused, or whose name is its
 * name misspelt, and of others it is asked whether they are right.
 */
export function missingFrom(
  listed: readonly string[],
  { config }: Pick<AgentService, 'config'>,
  lacked: ReadonlySet<string>
): ListProblem | undefined {
  const [only] = listed
  if (only === undefined) return undefined
  const unlisted = config.models.filter(({ servedAs }) => !isAmong(listed)(servedAs))
  const missing = unlisted.filter(
    ({ id, servedAs }) => listed.length > 1 || lacked.has(id) || isMisspelling(servedAs, only)
  )
  const [first, ...more] = missing
  if (first === undefined) return only === NAME_OF_ANY ? undefined : doubtNames(unlisted, only)
  const meant = didYouMean(first.servedAs, listed.filter(isShort))
  const remedy = meant === '' ? " Without a list that is right, say 'check_models: false'." : ''
  return {
    text: `The image server does not list the model ${nameAsked(first)}${andMore(more)}: not offered${meant || '.'} It has ${listFew(listed)}.${remedy}`,
    missing: missing.map(({ id }) => id)
  }
}

/** Longer names are no slip of a pen, and would leave no room for the rest of the sentence. */
const isShort = (name: string): boolean => name.length <= 60

/** A model by the name that was looked for, and by its own where that is another. */
const nameAsked = ({ id, servedAs }: AgentService['config']['models'][number]): string =>
  id === servedAs ? `'${id.slice(0, 100)}'` : `'${servedAs.slice(0, 60)}' (served_as of '${id.slice(0, 40)}')`

/** What stable-diffusion.cpp calls its model, whichever it is. */
const NAME_OF_ANY = 'sd-cpp-local'

function doubtNames(unlisted: AgentService['config']['models'], only: string): ListProblem | undefined {
  const [first, ...more] = unlisted
  if (!first) return undefined
  return {
    text: `The image server lists '${only.slice(0, 60)}' alone, not ${nameAsked(first)}${andMore(more)}: a misspelling? If it takes any name, say 'check_models: false'.`
  }
}

const andMore = (more: readonly unknown[]): string => (more.length > 0 ? ` and ${more.length} more` : '')

/** The first of a server's names, as much of them as a line of a terminal holds. */
function listFew(names: readonly string[]): string {
  const few = names.slice(0, 5).map((name) => `'${name.slice(0, 40)}'`)
  return few.join(', ') + (names.length > few.length ? ` and ${names.length - few.length} more` : '')
}

export const isAmong =
  (names: readonly string[]) =>
  (servedAs: string): boolean =>
    names.some((name) => isSameModel(name, servedAs))
