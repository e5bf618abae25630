import type {
  FoundModelInfo,
  ProviderInfo,
  ServiceInfo,
  WantedModelInfo
} from '../../../../src/http/dashboard/contract/network.ts'
import { formatNumber } from '../../lib/format.ts'

/** A model that lies on a machine, or of which its owner believes so. */
export interface ModelRow extends FoundModelInfo {
  isLoaded: boolean
  /** What became of the wish to offer it; absent: nobody wishes it. */
  wanted?: WantedModelInfo
  /** Its image server does not name it. */
  isGone: boolean
}

/** What is offered comes first, then what could be, then what cannot be used as it is; each in the server's own order. */
export function modelRows({ found, wanted, models }: Pick<ServiceInfo, 'found' | 'wanted' | 'models'>): ModelRow[] {
  const loaded = new Set(models.flatMap(({ id, isLoaded }) => (isLoaded === true ? [id] : [])))
  const known = found?.models ?? []
  const isKnown = new Set(known.map(({ name }) => name))
  const gone = (wanted ?? [])
    .filter(({ name }) => !isKnown.has(name))
    .map(({ name }) => ({ name, bytes: null, isIncomplete: false, serves: [], isGone: found !== null }))
  const rows = [...known.map((model) => ({ ...model, isGone: false })), ...gone].map((model): ModelRow => {
    const wish = wanted?.find(({ name }) => name === model.name)
    return { ...model, isLoaded: model.serves.some((id) => loaded.has(id)), ...(wish && { wanted: wish }) }
  })
  const rank = ({ serves, isIncomplete, wanted: wish }: ModelRow) =>
    serves.length > 0 || wish ? 0 : isIncomplete ? 2 : 1
  return rows.sort((one, other) => rank(one) - rank(other))
}

/** A model that lies on some of these machines, and that they do not offer. */
export interface FoundRow {
  name: string
  machines: { provider: ProviderInfo; service: ServiceInfo; model: ModelRow }[]
}

/** What lies on machines of the reader and is not offered there, by name. */
export function foundRows(providers: readonly ProviderInfo[]): FoundRow[] {
  const places = providers
    .filter(({ isMine }) => isMine)
    .flatMap((provider) =>
      provider.services.flatMap((service) =>
        modelRows(service)
          .filter(({ serves, wanted }) => serves.length === 0 && wanted?.state !== 'accepted')
          .map((model) => ({ provider, service, model }))
      )
    )
  return [...Map.groupBy(places, ({ model }) => model.name)]
    .map(([name, machines]) => ({ name, machines }))
    .sort((one, other) => byName.compare(one.name, other.name))
}

const byName = new Intl.Collator(undefined, { numeric: true })

/** Whether callers can ask for it, in words. */
export function tellModel(
  { serves, isIncomplete, isGone, wanted }: Omit<ModelRow, 'name' | 'bytes' | 'isLoaded'>,
  { isOnline }: Pick<ProviderInfo, 'isOnline'>
): string {
  if (isGone) return 'Its image server no longer has it'
  if (wanted?.state === 'accepted') return `Offered as ${wanted.id}`
  if (wanted?.state === 'refused') return `Its agent says no: “${wanted.text}”`
  if (wanted) return isOnline ? 'Asked, no answer yet' : 'Its agent is asked when it is back'
  if (serves.length > 0) return `Offered as ${serves.join(', ')}`
  return isIncomplete ? 'Lacks its text encoders or its VAE' : 'Not offered'
}

/** Whether its owner may have it offered from here. */
export const mayBeOffered = (
  { serves, isIncomplete }: Pick<FoundModelInfo, 'serves' | 'isIncomplete'>,
  { found }: Pick<ServiceInfo, 'found'>
): boolean => found?.mayOffer === true && serves.length === 0 && !isIncomplete

/** In place of a list that is empty; `others` are models of which the agent cannot tell what they make. */
export function tellNone(others: number): string {
  if (others === 0) return 'Its image server lists no model that makes images.'
  return others === 1
    ? 'Its image server lists 1 model, whose name does not tell whether it makes images.'
    : `Its image server lists ${formatNumber(others)} models, whose names do not tell whether they make images.`
}

/** What a list has no room for. */
export const tellMore = (count: number, what: string): string =>
  `and ${formatNumber(count)} more ${count === 1 ? what : `${what}s`}`

/** In the card of a machine, for who may know. */
export const tellSpare = (count: number): string =>
  `${formatNumber(count)} more ${count === 1 ? 'model' : 'models'} on it, not offered`
