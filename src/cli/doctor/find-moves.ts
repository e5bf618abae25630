import type { AgentFile, DraftService } from '../../config/agent-file.ts'
import { ENGINES } from '../../engines/engine-descriptions.ts'
import { placeOf, isLoopback } from './place.ts'
import type { Sighting } from './survey.ts'
import { spellingsOf, type Usable } from './usable.ts'

export interface Moves {
  /** Where the server of a service is now, by the service's place in the list. */
  moved: ReadonlyMap<number, Usable>
  /** Servers of which it cannot be told whose they are: as services of their own they would not have their owner's terms. */
  unclear: ReadonlySet<Sighting>
  /** Sentences about what is in doubt, for the owner. */
  doubts: string[]
}

interface Lost {
  index: number
  service: DraftService
  /** Something else answers at its address, so that only a server with its models is taken for it. */
  isReplaced: boolean
}

/**
 * Finds the servers of services at whose addresses on this machine they are not any more, among those that no service
 * names. A service goes where its models are, or to the only server that its engine drives; where two may be meant, to none.
 */
export function findMoves(
  file: AgentFile,
  { sightings, usable }: { sightings: readonly Sighting[]; usable: readonly Usable[] }
): Moves {
  const used = placesOf(file)
  const free = usable.filter(({ sighting }) => sighting.service === undefined && !used.has(placeOf(sighting.url)))
  const lost = file.services.flatMap((service, index) => findLost({ service, index, sightings }) ?? [])
  const moved = new Map<number, Usable>()
  const couldBe = ({ index, service, isReplaced }: Lost, isExact: boolean): Usable[] => {
    if (moved.has(index)) return []
    const taken = new Set(moved.values())
    const driven = free.filter((one) => !taken.has(one) && one.recognised.engine.name === service.engine)
    return isExact ? driven.filter((one) => hasItsModels(one, service)) : isReplaced ? [] : driven
  }
  for (const isExact of [true, false]) {
    const wanted = lost.map((one) => ({ one, servers: couldBe(one, isExact) }))
    for (const { one, servers } of wanted) {
      const [server, another] = servers
      const isWantedOnce = wanted.filter(({ servers: theirs }) => server && theirs.includes(server)).length === 1
      if (server && !another && isWantedOnce) moved.set(one.index, server)
    }
  }
  const open = lost.map((one) => ({ name: one.service.name, servers: couldBe(one, false) }))
  const doubted = open.filter(({ servers }) => servers.length > 0)
  const unclear = new Set(doubted.flatMap(({ servers }) => servers.map(({ sighting }) => sighting)))
  const shown = [...unclear].map((one) => one.shown).join(', ')
  const doubts = doubted.map(
    ({ name }) =>
      `${name}: nothing is at its address. If its server is at ${shown}, write that as its url: that is no service of its own, lest it be without the access and limits of this one.`
  )
  return { moved, unclear, doubts }
}

function findLost({
  service,
  index,
  sightings
}: {
  service: DraftService | undefined
  index: number
  sightings: readonly Sighting[]
}): Lost | undefined {
  if (service?.type !== 'image') return undefined
  const { url, engine } = service
  if (ENGINES.find(({ name }) => name === engine)?.takes.includes('url') !== true) return undefined
  if (url !== undefined && !isLoopback(URL.parse(url)?.hostname ?? '')) return undefined
  const there = sightings.find((one) => one.service === index)
  if (there === undefined || there.contact === 'none') return { index, service, isReplaced: false }
  const mayBeIt = there.contact === 'silent' || there.found.some((one) => one.engine?.name === engine || one.wantsKey)
  return mayBeIt ? undefined : { index, service, isReplaced: true }
}

/** Whether a server has every model that a service names, of which there are some. */
function hasItsModels({ recognised }: Usable, { models }: DraftService): boolean {
  const spellings = spellingsOf(recognised.models)
  return models.length > 0 && models.every(({ servedAs }) => spellings.has(servedAs.toLowerCase()))
}

/** Where the services of a file are. */
export const placesOf = (file: AgentFile): Set<string> =>
  new Set(file.services.flatMap((one) => (one?.url !== undefined && URL.canParse(one.url) ? [placeOf(one.url)] : [])))
