import type { NewModel } from '../../config/agent-file.ts'
import type { Recognised } from '../../engines/fingerprint.ts'
import type { FoundModel } from '../../engines/inventory.ts'
import { toModelId } from '../../engines/model-id.ts'
import { isClean } from '../../lib/clean-text.ts'
import type { Sighting } from './survey.ts'

/** As many as a service may have. */
const MOST_MODELS = 500
const MAX_SERVED_AS_CHARS = 1000

/** A server that can be offered as it is. */
export interface Usable {
  sighting: Sighting
  recognised: Recognised & { engine: NonNullable<Recognised['engine']> }
}

/** Those that an engine drives, that have models, and of which it is known, or was `tried`, that they make images. */
export const usableOf = (sightings: readonly Sighting[], worked: ReadonlySet<Sighting>): Usable[] =>
  sightings.flatMap((sighting) => {
    const recognised = withUnclear(sighting)
    if (recognised?.engine === undefined || modelsOf(recognised).length === 0) return []
    if (recognised.isUnsure && !sighting.isNamed && !worked.has(sighting)) return []
    return [{ sighting, recognised: { ...recognised, engine: recognised.engine } }]
  })

/** What is at an address, with models that may make none where somebody has named it. */
function withUnclear({ found: [best], isNamed }: Sighting): Recognised | undefined {
  return best && isNamed && best.models.length === 0 ? { ...best, models: best.unclear ?? [] } : best
}

/** As `agent.yaml` has them: what cannot stand there, or be shown, is left out. */
export function modelsOf({ models }: Recognised): NewModel[] {
  const ids = new Set<string>()
  return models
    .filter(({ servedAs }) => isFitModel(servedAs))
    .slice(0, MOST_MODELS)
    .flatMap(({ servedAs, name = servedAs, features }) => {
      const base = toModelId(name)
      if (base === '') return []
      const id = unique(base, ids)
      ids.add(id)
      return [{ id, servedAs, ...(features && { features }) }]
    })
}

/** Whether a name of a server can stand in the file, and be shown. */
export const isFitModel = (name: string): boolean =>
  name.trim() !== '' && name === name.trim() && name.length <= MAX_SERVED_AS_CHARS && isClean(name)

/** All names by which a server is known to find its models, in small letters. */
export const spellingsOf = (models: readonly FoundModel[]): Set<string> =>
  new Set(
    models.flatMap(({ servedAs, name = servedAs }) =>
      [servedAs, name, servedAs.replace(/^.*[\\/]/, '')].map((one) => one.toLowerCase())
    )
  )

export function unique(base: string, taken: ReadonlySet<string | undefined>): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`
    if (!taken.has(name)) return name
  }
}
