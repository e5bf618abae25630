import type { OfferingConfig } from '../../../config/config.ts'
import type { ProviderDetailReport } from '../../../network/network.ts'
import type { Manager, ProviderReport, ServiceReport } from '../../../network/provider-report.ts'
import type { ServiceAccess } from '../../../providers/service-terms.ts'
import type { Fault, FaultGroup } from '../../../network/fault-store.ts'
import type { WantedModel } from '../../../providers/service-offers-store.ts'
import type { LimitEnd } from '../../../requests/service-caps.ts'
import type {
  FoundInfo,
  ProviderDetail,
  ProviderInfo,
  ServiceInfo,
  UsedUp,
  WantedModelInfo
} from '../contract/network.ts'

/** A provider as everybody may know it, and as much more as the report holds. */
export function presentProvider(report: ProviderReport): ProviderInfo {
  const { provider, isOnline, isMine, images, imagesToday } = report
  return {
    id: provider.id,
    name: provider.name,
    owner: { id: provider.owner_id, name: provider.owner_name },
    isMine,
    isOnline,
    onlineSince: isOnline ? provider.connected_at : null,
    lastSeenAt: provider.last_seen_at,
    keyEndedAt: report.keyEndedAt ?? null,
    agentVersion: provider.agent_version,
    drainedAt: provider.drained_at,
    trust: {
      state: report.standing,
      since: provider.trust_since === 0 ? null : provider.trust_since,
      isShared: provider.services.some(({ access }) => access !== 'private'),
      ...(report.given && { given: presentGiven(report.given) }),
      ...(report.spent && { spent: presentEnd(report.spent) })
    },
    services: report.services.map((service) => presentService(service, { isMine, isOnline })),
    images,
    imagesToday
  }
}

const presentEnd = ({ until, ...end }: LimitEnd): UsedUp => ({ until: until ?? null, ...end })

const presentGiven = (offering: OfferingConfig): NonNullable<ProviderInfo['trust']['given']> => ({
  atOnce: offering.newProviderAtOnce,
  perHour: offering.newProviderPerHour,
  images: offering.newProviderImages,
  timeMs: offering.newProviderTimeMs
})

export function presentDetail(report: ProviderDetailReport, reader: Manager): ProviderDetail {
  return {
    ...presentProvider(report),
    pace: report.pace,
    usedBy: report.usedBy.map(({ name, ...one }) => ({ ...one, name: name ?? 'A deleted account' })),
    blocked: report.blocked,
    trustedBy: isManaged(report, reader) ? decidedBy(report) : null,
    faults: report.faults.flatMap((group) => presentFaults(group, reader))
  }
}

function presentFaults({ times, latest }: FaultGroup, reader: Manager): ProviderDetail['faults'] {
  const [newest] = latest
  if (!newest) return []
  const { serviceName: service, reason, message } = newest
  // A link to a request that the reader may not open would lead nowhere.
  const seen = ({ userId, requestId }: Fault) =>
    reader.role === 'admin' || userId === reader.userId ? requestId : null
  return [{ service, reason, message, times, latest: latest.map((one) => ({ at: one.at, requestId: seen(one) })) }]
}

const isManaged = ({ isMine }: ProviderReport, reader: Manager): boolean => isMine || reader.role === 'admin'

/** Deleted accounts keep a row: what has none is no account, but whoever typed a command (`cli/providers.ts`). */
const decidedBy = ({ provider: { trust_by: id, trust_by_name: name } }: ProviderReport): string | null =>
  id === null ? null : (name ?? 'somebody on the command line of the server')

function presentService(
  report: ServiceReport,
  { isMine, isOnline }: { isMine: boolean; isOnline: boolean }
): ServiceInfo {
  const { service, isCooling, lastFault, warning, running, succeeded, failed, secondsPerMegapixel } = report
  return {
    id: service.id,
    name: service.name,
    type: service.type,
    engine: service.engine,
    description: service.description,
    access: presentAccess(service.access),
    listed: report.listed ? [...report.listed] : null,
    imagesPerHour: service.images_per_hour,
    imagesPerUserHour: service.images_per_user_hour,
    terms: isMine ? presentTerms(service) : null,
    isPaused: service.paused_at !== null,
    bar: report.bar ?? null,
    usedUp: report.usedUp ? presentEnd(report.usedUp) : null,
    usedThisHour: report.usedThisHour ?? null,
    models: service.models.map((model) => ({
      ...model,
      isLoaded: (isOnline && model.isLoaded) ?? null,
      canMake: report.makes.has(model.id),
      ...(report.lacks.has(model.id) && { isMissing: true }),
      ...(report.awaits.has(model.id) && { isAwaited: true })
    })),
    spareModels: report.spare ?? null,
    found: report.finds ? presentFinds(report.finds) : null,
    wanted: report.wanted ? report.wanted.map(presentWanted) : null,
    warms: report.warms ? report.warms.map(({ text, ...same }) => ({ ...same, text: text || null })) : null,
    concurrency: service.concurrency,
    // What is on its way from the machine has no place there any more.
    running: Math.min(running, service.concurrency),
    cooling: isCooling
      ? {
          until: service.cooling_until,
          faultsInRow: service.faults_in_row,
          lastFault: lastFault ? { reason: lastFault.reason, message: lastFault.message } : null
        }
      : null,
    warning: warning ? { since: warning.since, text: warning.text ?? null } : null,
    succeeded,
    failed,
    secondsPerMegapixel: secondsPerMegapixel ?? null
  }
}

const presentWanted = (wanted: WantedModel): WantedModelInfo => ({ id: null, text: null, since: null, ...wanted })

const presentFinds = ({ memory, ...finds }: NonNullable<ServiceReport['finds']>): FoundInfo => ({
  ...finds,
  mayOffer: finds.mayOffer ?? false,
  memory: memory ?? null,
  models: finds.models.map(({ bytes, isIncomplete, ...same }) => ({
    ...same,
    bytes: bytes ?? null,
    isIncomplete: isIncomplete ?? false
  }))
})

function presentTerms({
  asDeclared: declared,
  byOwner: owner,
  people,
  paused_at
}: ServiceReport['service']): ServiceInfo['terms'] {
  return {
    people: Array.isArray(owner.access) ? people : [],
    set: {
      access: owner.access === undefined ? null : presentAccess(owner.access),
      people: owner.access === undefined || typeof owner.access === 'string' ? [] : owner.access,
      imagesPerHour: owner.imagesPerHour ?? null,
      imagesPerUserHour: owner.imagesPerUserHour ?? null,
      isPaused: paused_at !== null
    },
    file: {
      access: presentAccess(declared.access),
      listed: typeof declared.access === 'string' ? [] : declared.access,
      imagesPerHour: declared.imagesPerHour ?? null,
      imagesPerUserHour: declared.imagesPerUserHour ?? null
    }
  }
}

/** Whose addresses are listed stays between them and the owner. */
const presentAccess = (access: ServiceAccess): ServiceInfo['access'] => (typeof access === 'string' ? access : 'listed')
