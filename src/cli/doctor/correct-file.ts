import { nearModel, withoutEnding } from '../../agent/missing-models.ts'
import type { AgentFile, DraftService, NewService } from '../../config/agent-file.ts'
import { ENGINES } from '../../engines/engine-descriptions.ts'
import type { Recognised } from '../../engines/fingerprint.ts'
import { mayGetKey } from '../../engines/identify-server.ts'
import type { FoundModel } from '../../engines/inventory.ts'
import { closestName } from '../../lib/closest-name.ts'
import { findMoves, type Moves, placesOf } from './find-moves.ts'
import { asUrl, placeOf } from './place.ts'
import type { Sighting } from './survey.ts'
import { isFitModel, modelsOf, spellingsOf, unique, type Usable } from './usable.ts'

export interface Looked {
  sightings: readonly Sighting[]
  /** Of these, what may be offered. */
  usable: readonly Usable[]
}

/**
 * Corrects what was certainly meant otherwise, of all services; returns where their servers are that have moved, and what is in
 * doubt, of moves and of names.
 */
export function correctServices(file: AgentFile, { sightings, usable }: Looked): Moves {
  file.services.forEach((service, index) => service && correctWords(file, index, service))
  const moves = findMoves(file, { sightings, usable })
  for (const [index, service] of file.services.entries()) {
    if (service?.type !== 'image') continue
    moves.doubts.push(...correctService(file, { index, sightings, moved: moves.moved.get(index) }))
  }
  return moves
}

function correctWords(file: AgentFile, index: number, { type, engine, url }: DraftService): void {
  if (type === '' && (engine !== undefined || url !== undefined)) {
    file.setOfService(index, 'type', { value: 'image', why: 'it makes images' })
  } else if (type !== 'image') return
  correctEngineName(file, index, engine)
  const whole = url === undefined ? undefined : asUrl(url)
  if (whole !== undefined && whole !== url)
    file.setOfService(index, 'url', { value: whole, why: 'it needs its http://' })
}

interface Corrected {
  index: number
  sightings: readonly Sighting[]
  moved: Usable | undefined
}

/** Returns what is in doubt of its models. */
function correctService(file: AgentFile, { index, sightings, moved }: Corrected): string[] {
  if (moved) {
    const { sighting, recognised } = moved
    file.setOfService(index, 'url', { value: sighting.url, why: `${recognised.server} answers there` })
    giveKey(file, index, sighting)
    return correctModels(file, { index, found: recognised })
  }
  const sighting = sightings.find((one) => one.service === index)
  const [best] = sighting?.found ?? []
  if (!sighting || !best) return []
  const engine = file.services[index]?.engine
  const isPlausible = sighting.found.some((one) => one.engine?.name === engine)
  if (!isPlausible && best.engine && !best.isUnsure) {
    const { name, takes, options } = best.engine
    file.setOfService(index, 'engine', { value: name, why: `${best.server} answers there` })
    // As a bearer it would go to that server with every call.
    const kept = mayGetKey(name, engine) ? takes : takes.filter((key) => key !== 'api_key')
    file.keepOnly(index, { takes: kept, options: options.map((option) => option.name) })
  }
  giveKey(file, index, sighting)
  const taken = sighting.found.find((one) => one.engine?.name === file.services[index]?.engine)
  return taken ? correctModels(file, { index, found: taken }) : []
}

/** The key with which its server let somebody in, if its engine may have it. */
function giveKey(file: AgentFile, index: number, { apiKey, engine: writtenFor, found: [best] }: Sighting): void {
  const { engine, apiKey: written } = file.services[index] ?? {}
  if (apiKey === undefined || written !== undefined || engine === undefined || best?.engine?.name !== engine) return
  if (best.engine.takes.includes('api_key') && mayGetKey(engine, writtenFor)) file.setKeyOfService(index, apiKey)
}

function correctEngineName(file: AgentFile, index: number, engine: string | undefined): void {
  const names = ENGINES.map(({ name }) => name)
  if (engine === undefined || names.includes(engine)) return
  const meant = closestName(engine, names)
  if (meant !== undefined) file.setOfService(index, 'engine', { value: meant, why: `there is no ${engine}` })
}

/**
 * Models whose names are the server's but for what two models do not differ in; all of them where none is written. Of a name that
 * is only near to one of the server's it is asked whether it means that: `tiny` and `tiny-v2` are two models, and whoever asks for
 * the one would be given the other. Returns what is asked.
 */
function correctModels(file: AgentFile, { index, found }: { index: number; found: Recognised }): string[] {
  const service = file.services[index]
  if (!service || found.models.length === 0) return []
  if (service.models.length === 0) {
    file.setModels(index, modelsOf(found))
    return []
  }
  if (service.doubtsList) return []
  return service.models.flatMap(({ id, servedAs, hasOptions }) => {
    // With options of its own its name need be none of the server's.
    if (hasOptions || spellingsOf(found.models).has(servedAs.toLowerCase())) return []
    const same = sameModel(servedAs, found.models)
    if (same !== undefined) file.setServedAs(index, id, same)
    const near = same === undefined ? nearModel(servedAs, found.models.filter(isFit)) : undefined
    return near === undefined
      ? []
      : [
          `${service.name}: if its model ${id} is the one that the server calls ${near}, write 'served_as: ${near}' for it.`
        ]
  })
}

/** The only model of a server that is called so but for case, separators, the ending of a file, or a folder that one of both lacks. */
function sameModel(servedAs: string, models: readonly FoundModel[]): string | undefined {
  const wanted = plainName(servedAs)
  const fit = models.filter(isFit)
  const calledSo = (isSo: (name: string) => boolean) =>
    new Set(
      fit
        .filter(({ servedAs, name = servedAs }) => isSo(plainName(servedAs)) || isSo(plainName(name)))
        .map((one) => one.servedAs)
    )
  const whole = calledSo((name) => name === wanted)
  const candidates =
    whole.size > 0 ? whole : calledSo((name) => name.endsWith(`/${wanted}`) || wanted.endsWith(`/${name}`))
  const [only, another] = candidates
  return another === undefined ? only : undefined
}

const isFit = (one: FoundModel): boolean => isFitModel(one.servedAs)

const plainName = (name: string): string =>
  withoutEnding(name.toLowerCase().replaceAll('\\', '/')).replace(/[\s_.-]+/g, '-')

/** Adds services for servers that none names yet, but for those of which it is `unclear` whether one of the file's has moved there. */
export function addServices(
  file: AgentFile,
  usable: readonly Usable[],
  {
    unclear,
    terms = {}
  }: Pick<Moves, 'unclear'> & { terms?: Pick<NewService, 'access' | 'imagesPerHour' | 'imagesPerUserHour'> }
): void {
  for (const { sighting, recognised } of usable) {
    if (placesOf(file).has(placeOf(sighting.url)) || unclear.has(sighting)) continue
    const { name: engine, takes } = recognised.engine
    const isKeyed = sighting.apiKey !== undefined && takes.includes('api_key') && mayGetKey(engine, sighting.engine)
    const names = new Set(file.services.map((service) => service?.name))
    file.add({
      name: unique(engine, names),
      engine,
      url: sighting.url,
      ...(isKeyed && { apiKey: sighting.apiKey }),
      models: modelsOf(recognised),
      ...(recognised.options && { options: recognised.options }),
      ...terms
    })
  }
}
