import type { AgentFile, DraftService, NewModel, NewService } from '../../config/agent-file.ts'
import { ENGINES } from '../../engines/engine-descriptions.ts'
import type { Recognised } from '../../engines/fingerprint.ts'
import { mayGetKey } from '../../engines/identify-server.ts'
import type { FoundModel } from '../../engines/inventory.ts'
import { toModelId } from '../../engines/model-id.ts'
import { isClean } from '../../lib/clean-text.ts'
import { closestName } from '../../lib/closest-name.ts'
import { isLoopback, placeOf } from './place.ts'
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

/** Corrects what was certainly meant otherwise, of all services. */
export function correctServices(file: AgentFile, sightings: readonly Sighting[]): void {
  for (const [index, service] of file.services.entries()) {
    if (service) correctService(file, { index, service, sightings })
  }
}

interface Corrected {
  index: number
  service: DraftService
  sightings: readonly Sighting[]
}

function correctService(file: AgentFile, { index, service, sightings }: Corrected): void {
  if (service.type === '' && (service.engine !== undefined || service.url !== undefined)) {
    file.setOfService(index, 'type', { value: 'image', why: 'it makes images' })
  } else if (service.type !== 'image') return
  correctEngineName(file, index, service)
  const moved = findMoved(file, { index, service: file.services[index] ?? service, sightings })
  if (moved)
    file.setOfService(index, 'url', { value: moved.url, why: `${moved.found[0]?.server ?? 'it'} answers there` })
  const sighting = moved ?? sightings.find((one) => one.service === index)
  const [best] = sighting?.found ?? []
  if (!sighting || !best) return
  const { engine } = file.services[index] ?? service
  const isPlausible = sighting.found.some((one) => one.engine?.name === engine)
  if (!isPlausible && best.engine && !best.isUnsure) {
    const { name, takes, options } = best.engine
    file.setOfService(index, 'engine', { value: name, why: `${best.server} answers there` })
    // As a bearer it would go to that server with every call.
    const kept = mayGetKey(name, engine) ? takes : takes.filter((key) => key !== 'api_key')
    file.keepOnly(index, { takes: kept, options: options.map((option) => option.name) })
  }
  const taken = sighting.found.find((one) => one.engine?.name === file.services[index]?.engine)
  if (taken) correctModels(file, { index, found: taken })
}

function correctEngineName(file: AgentFile, index: number, { engine }: DraftService): void {
  const names = ENGINES.map(({ name }) => name)
  if (engine === undefined || names.includes(engine)) return
  const meant = closestName(engine, names)
  if (meant !== undefined) file.setOfService(index, 'engine', { value: meant, why: `there is no ${engine}` })
}

/** Nothing is at its address on this machine, and exactly one server that it can be is elsewhere, named by nobody. */
function findMoved(file: AgentFile, { index, service, sightings }: Corrected): Sighting | undefined {
  const { url, engine } = service
  const takesUrl = ENGINES.find(({ name }) => name === engine)?.takes.includes('url') === true
  if (!takesUrl) return undefined
  if (url !== undefined && (!URL.canParse(url) || !isLoopback(new URL(url).hostname))) return undefined
  if (sightings.some((one) => one.service === index && one.contact !== 'none')) return undefined
  const used = placesOf(file)
  const free = sightings.filter(
    (one) => one.service === undefined && !used.has(placeOf(one.url)) && one.found[0]?.engine?.name === engine
  )
  return free.length === 1 && !free[0]?.found[0]?.isUnsure ? free[0] : undefined
}

/** Models of which only the case, the ending or a letter is wrong; all of them where none is written. */
function correctModels(file: AgentFile, { index, found }: { index: number; found: Recognised }): void {
  const service = file.services[index]
  if (!service || found.models.length === 0) return
  if (service.models.length === 0) return file.setModels(index, modelsOf(found))
  if (service.doubtsList) return
  for (const { id, servedAs, hasOptions } of service.models) {
    // With options of its own its name need be none of the server's.
    if (hasOptions || spellingsOf(found.models).has(servedAs.toLowerCase())) continue
    const meant = closestModel(servedAs, found.models)
    if (meant !== undefined) file.setServedAs(index, id, meant)
  }
}

const spellingsOf = (models: readonly FoundModel[]): Set<string> =>
  new Set(
    models.flatMap(({ servedAs, name = servedAs }) =>
      [servedAs, name, servedAs.replace(/^.*[\\/]/, '')].map((one) => one.toLowerCase())
    )
  )

function closestModel(servedAs: string, models: readonly FoundModel[]): string | undefined {
  const called = new Map(
    models.flatMap((one) => [[one.servedAs, one.servedAs] as const, [one.name ?? one.servedAs, one.servedAs] as const])
  )
  const bare = servedAs.replace(/^.*[\\/]/, '').replace(/\.(?:safetensors|sft|ckpt|pth?|gguf|bin)$/i, '')
  const meant = closestName(servedAs, [...called.keys()]) ?? closestName(bare, [...called.keys()])
  const model = meant === undefined ? undefined : called.get(meant)
  return model !== undefined && isFit(model, MAX_SERVED_AS_CHARS) ? model : undefined
}

/** Adds services for servers that none names yet. */
export function addServices(
  file: AgentFile,
  usable: readonly Usable[],
  terms: Pick<NewService, 'access' | 'imagesPerHour' | 'imagesPerUserHour'> = {}
): void {
  for (const { sighting, recognised } of usable) {
    if (placesOf(file).has(placeOf(sighting.url))) continue
    const names = new Set(file.services.map((service) => service?.name))
    file.add({
      name: unique(recognised.engine.name, names),
      engine: recognised.engine.name,
      url: sighting.url,
      models: modelsOf(recognised),
      ...(recognised.options && { options: recognised.options }),
      ...terms
    })
  }
}

const placesOf = (file: AgentFile): Set<string> =>
  new Set(file.services.flatMap((one) => (one?.url !== undefined && URL.canParse(one.url) ? [placeOf(one.url)] : [])))

/** As `agent.yaml` has them: what cannot stand there, or be shown, is left out. */
export function modelsOf({ models }: Recognised): NewModel[] {
  const ids = new Set<string>()
  return models
    .filter(({ servedAs }) => isFit(servedAs, MAX_SERVED_AS_CHARS))
    .slice(0, MOST_MODELS)
    .flatMap(({ servedAs, name = servedAs, features }) => {
      const base = toModelId(name)
      if (base === '') return []
      const id = unique(base, ids)
      ids.add(id)
      return [{ id, servedAs, ...(features && { features }) }]
    })
}

const isFit = (name: string, maxChars: number): boolean =>
  name.trim() !== '' && name === name.trim() && name.length <= maxChars && isClean(name)

function unique(base: string, taken: ReadonlySet<string | undefined>): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`
    if (!taken.has(name)) return name
  }
}
