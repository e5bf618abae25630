import { DAY_MS } from '../lib/durations.ts'
import type { Database } from '../db/database.ts'
import { remember } from '../lib/remember.ts'
import { countFaults } from './fault-store.ts'
import { measureServices } from '../usage/measure-services.ts'
import { countImagesByProvider } from '../usage/provider-usage-store.ts'

/** What is counted of everybody's providers. Whoever is missing has made nothing. */
export interface NetworkFigures {
  /** Images stored within the last 24 hours. */
  imagesToday: number
  /** By provider: images in all, and within the last 24 hours. */
  providers: ReadonlyMap<string, { images: number; imagesToday: number }>
  /** By service, within the last 24 hours. */
  services: ReadonlyMap<string, ServiceFigures>
}

export interface ServiceFigures {
  /** Images made, and attempts that failed through its fault, see `countFaults`. */
  succeeded: number
  failed: number
  /** Median; absent when it made nothing. */
  secondsPerMegapixel?: number
}

/** How long the same figures are told: they cost time that grows with what was made today. */
const FRESH_MS = 10_000

/** Counts for all who ask within ten seconds together. */
export const createNetworkFigures = ({ db, clock }: Pick<Database, 'db' | 'clock'>): (() => Promise<NetworkFigures>) =>
  remember({ load: () => countFigures({ db, clock }), forMs: FRESH_MS, now: () => clock.now() })

async function countFigures({ db, clock }: Pick<Database, 'db' | 'clock'>): Promise<NetworkFigures> {
  const since = clock.now() - DAY_MS
  const measures = await measureServices(db, since)
  const faults = await countFaults(db, since)
  const providers = new Map(
    [...(await countImagesByProvider(db))].map(([id, images]) => [id, { images, imagesToday: 0 }])
  )
  for (const { providerId, images } of measures.values()) {
    const provider = providers.get(providerId)
    if (provider) provider.imagesToday += images
  }
  const services = [...new Set([...measures.keys(), ...faults.keys()])].map((id): [string, ServiceFigures] => {
    const measure = measures.get(id)
    const counts = { succeeded: measure?.images ?? 0, failed: faults.get(id) ?? 0 }
    return [
      id,
      {
        ...counts,
        ...(measure?.secondsPerMegapixel !== undefined && { secondsPerMegapixel: measure.secondsPerMegapixel })
      }
    ]
  })
  return {
    imagesToday: [...measures.values()].reduce((sum, { images }) => sum + images, 0),
    providers,
    services: new Map(services)
  }
}
