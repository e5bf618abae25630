import type { Feature } from '../images/image-request.ts'
import type { Offer } from './offers-store.ts'
import { isUnusable } from './pause-store.ts'
import type { LorasByService } from './service-finds-store.ts'

/** One model as a caller sees it: all offers of it together. */
export interface Model {
  id: string
  /** UTC milliseconds at which it was first offered. */
  createdAt: number
  ownedBy: string
  features: Feature[]
  /** LoRAs that its callers may name: of all offers together. */
  loras: string[]
  /** Providers that could make an image with it now: online, and not known to have an image server that cannot be used. */
  providers: number
}

/** As many as one machine may have. */
const MOST_LORAS = 200

/** Those that callers may name with a model of these offers, in alphabetical order. */
export const lorasOf = (offers: readonly Offer[], loras: LorasByService): string[] =>
  [...new Set(offers.flatMap(({ serviceId, model }) => loras.get(serviceId)?.get(model)?.loras ?? []))]
    .sort((one, other) => (one < other ? -1 : 1))
    .slice(0, MOST_LORAS)

/** Offers grouped by model, in alphabetical order. A feature counts when at least one offer has it. */
export function modelsOf(offers: readonly Offer[], { loras, now }: { loras: LorasByService; now: number }): Model[] {
  return [...Map.groupBy(offers, (offer) => offer.model)]
    .map(([id, same]) => ({
      id,
      createdAt: Math.min(...same.map((offer) => offer.createdAt)),
      ownedBy: same[0]?.providerName ?? '',
      features: [...new Set(same.flatMap((offer) => offer.features))],
      loras: lorasOf(same, loras),
      providers: new Set(same.filter((offer) => !isUnusable(offer, now)).map((offer) => offer.providerId)).size
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}
