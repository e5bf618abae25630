import type { NetworkState, ProviderInfo, ServiceInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { machinesNow } from '../../lib/machines-now.ts'

/** `rig-2` comes before `rig-10`. */
const byName = new Intl.Collator(undefined, { numeric: true })

/** The reader's own first, then who is online, then the rest; each by name. */
export function sortProviders(providers: readonly ProviderInfo[]): ProviderInfo[] {
  const rank = ({ isMine, isOnline }: ProviderInfo) => (isMine ? 0 : 2) + (isOnline ? 0 : 1)
  return [...providers].sort((a, b) => rank(a) - rank(b) || byName.compare(a.name, b.name))
}

/** Whether every word is in its name, or in that of its owner, a service, an engine or a model. */
export function matchesProvider({ name, owner, services }: ProviderInfo, text: string): boolean {
  const told = [
    name,
    owner.name,
    ...services.flatMap((one) => [one.name, one.engine ?? '', ...idsOf(one), ...foundOn(one)])
  ]
    .join('\n')
    .toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => told.includes(word))
}

const foundOn = ({ found }: ServiceInfo): string[] => found?.models.map(({ name }) => name) ?? []
const idsOf = ({ models }: ServiceInfo): string[] => models.map(({ id }) => id)

/** Images a provider makes at a time, and makes now; services of other kinds make none. */
export const slotsOf = (services: readonly ServiceInfo[]): { used: number; all: number } => ({
  used: sum(services.filter(isImage).map(({ running }) => running)),
  all: sum(services.filter(isImage).map(({ concurrency }) => concurrency))
})

/** Whether a service can make images now, of whichever of its models. */
export const isAble = ({ models }: Pick<ServiceInfo, 'models'>): boolean => models.some(({ canMake }) => canMake)

/** Whether it gets no work now. */
export const rests = (service: Pick<ServiceInfo, 'models' | 'cooling'>): boolean =>
  !isAble(service) || service.cooling !== null

/** Whether a machine can make images now. */
export const canMake = ({ services }: Pick<ProviderInfo, 'services'>): boolean => services.some(isAble)

/** Whether it is there, and can make nothing until its agent has told how it finds its image server. */
export const isLookedAt = (provider: Pick<ProviderInfo, 'services'>): boolean =>
  !canMake(provider) && provider.services.some(({ models }) => models.some(({ isAwaited }) => isAwaited))

/** Whether it is there to make images, and can make none now. */
export const isIdle = (provider: Pick<ProviderInfo, 'isOnline' | 'services'>): boolean =>
  provider.isOnline && provider.services.some(isImage) && !canMake(provider) && !isLookedAt(provider)

/** Images that those which serve the reader make at a time now, all together. */
export const slotsNow = (providers: readonly ProviderInfo[]): number =>
  slotsOf(providers.flatMap(({ services }) => services.filter((one) => isAble(one) && isForReader(one)))).all

/** How many machines can make images for the reader now, as the overview counts them, and what is with the others. */
export function tellMachines(providers: readonly ProviderInfo[]): ReturnType<typeof machinesNow> {
  const online = providers.filter(({ isOnline }) => isOnline).length
  const able = providers.filter(({ services }) => services.some((one) => isAble(one) && isForReader(one))).length
  return machinesNow({ online, able, away: providers.length - online })
}

/** Whether the reader may have images of a service, as far as that is for owners and admins to say. */
export const isForReader = ({ bar }: Pick<ServiceInfo, 'bar'>): boolean => bar === null

export const isImage = ({ type }: Pick<ServiceInfo, 'type'>): boolean => type === 'image'

/** What the figure “Success” counts, in words. */
export const SUCCESS_COUNTS =
  'Of the images that it began within 24 hours: how many it made. What could not start does not count, nor what broke off or hung with the image server and waits to be made or was made after all.'

/** The share of its attempts that ended in an image, of those that did or failed through its fault; null: none did. */
export function successOf(services: readonly Pick<ServiceInfo, 'succeeded' | 'failed'>[]): number | null {
  const succeeded = sum(services.map((one) => one.succeeded))
  const all = succeeded + sum(services.map((one) => one.failed))
  return all === 0 ? null : succeeded / all
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** Who serves a model. */
export interface ModelRow {
  id: string
  features: string[]
  providers: {
    id: string
    name: string
    isOnline: boolean
    canMake: boolean
    isLoaded: boolean
    /** In a few words why it makes it for the reader not now; null where it does. */
    why: string | null
    /** Its image server is being looked at: `why` is nothing to worry about. */
    isAwaited: boolean
  }[]
  /** Of those that can make it now. */
  slots: { used: number; all: number }
}

/** Whether every word is in the name of a model. */
const matches = (id: string, text: string): boolean =>
  text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => id.toLowerCase().includes(word))

/** Models that images wait for, and that no machine has which the reader knows of: those that match, each a row without machines. */
export const unservedRows = (
  { providers, waitingFor }: Pick<NetworkState, 'providers' | 'waitingFor'>,
  text: string
): ModelRow[] => {
  const served = new Set(modelRows({ providers }).map(({ id }) => id))
  return waitingFor
    .filter(({ model }) => !served.has(model) && matches(model, text))
    .map(({ model }) => ({ id: model, features: [], providers: [], slots: { used: 0, all: 0 } }))
    .sort((a, b) => byName.compare(a.id, b.id))
}

/** Images that wait for models which the reader is not told of. */
export const waitingElsewhere = ({ waiting, waitingFor }: Pick<NetworkState, 'waiting' | 'waitingFor'>): number =>
  Math.max(0, waiting - sum(waitingFor.map(({ images }) => images)))

const rankOf = ({ isOnline, canMake, isLoaded }: ModelRow['providers'][number]) =>
  (isOnline ? 1 : 0) + (canMake ? 2 : 0) + (isLoaded ? 1 : 0)

type Maker = Pick<ProviderInfo, 'isOnline' | 'isMine' | 'drainedAt' | 'trust'>
type MakerService = Pick<ServiceInfo, 'bar' | 'isPaused' | 'warning' | 'usedUp'>
type MadeModel = Pick<ServiceInfo['models'][number], 'canMake' | 'isMissing' | 'isAwaited'>

/** Whether this model of a service is made for the reader now. */
export const makesFor = (service: Pick<ServiceInfo, 'bar'>, { canMake }: Pick<MadeModel, 'canMake'>): boolean =>
  canMake && isForReader(service)

/** In a few words why a machine does not make this model of a service of its for the reader now; null where it does. */
export function whyNot(provider: Maker, service: MakerService, model: MadeModel): string | null {
  const { isOnline, isMine, trust } = provider
  const { bar, usedUp } = service
  if (makesFor(service, model)) {
    if (isMine || !(usedUp || trust.spent)) return null
    return usedUp?.isOwnShare && !trust.spent ? 'your limit per hour reached' : 'limit per hour reached'
  }
  if (bar === 'private') return 'its owner’s alone'
  if (bar === 'reader') return 'not for you'
  if (!isOnline) return 'offline'
  if (bar === 'trust') return trust.state === 'pending' ? 'waits for an admin' : 'may not serve others'
  return whyUnable(provider, service, model)
}

/** In a few words why a machine that is there does not make this model of a service of its, whoever asks; null where it does. */
export function whyUnable(
  { drainedAt }: Pick<Maker, 'drainedAt'>,
  { isPaused, warning }: Pick<MakerService, 'isPaused' | 'warning'>,
  model: MadeModel
): string | null {
  if (model.canMake) return null
  if (drainedAt !== null || isPaused) return 'paused'
  if (model.isAwaited) return 'looking at its image server…'
  if (model.isMissing) return 'image server lacks it'
  return warning ? 'image server needs attention' : 'cannot make it now'
}

/** Every model that some image service has, by name; who can make it now comes first, of these who has it loaded, then who is online. */
export function modelRows({ providers }: Pick<NetworkState, 'providers'>): ModelRow[] {
  const rows = new Map<string, ModelRow>()
  for (const provider of providers) {
    const { id, name, isOnline } = provider
    for (const service of provider.services.filter(isImage)) {
      for (const model of service.models) {
        const row = rows.get(model.id) ?? { id: model.id, features: [], providers: [], slots: { used: 0, all: 0 } }
        rows.set(model.id, row)
        row.features = [...new Set([...row.features, ...model.features])]
        const isLoaded = model.isLoaded === true
        const known = row.providers.find((one) => one.id === id)
        const isMade = makesFor(service, model)
        const why = whyNot(provider, service, model)
        const isAwaited = why !== null && model.isAwaited === true
        if (known) {
          known.isLoaded ||= isLoaded
          known.canMake ||= isMade
          known.why &&= why
          known.isAwaited &&= isAwaited
        } else row.providers.push({ id, name, isOnline, canMake: isMade, isLoaded, why, isAwaited })
        if (isMade && service.cooling === null) {
          row.slots = { used: row.slots.used + service.running, all: row.slots.all + service.concurrency }
        }
      }
    }
  }
  for (const row of rows.values()) row.providers.sort((a, b) => rankOf(b) - rankOf(a))
  return [...rows.values()].sort((a, b) => byName.compare(a.id, b.id))
}
