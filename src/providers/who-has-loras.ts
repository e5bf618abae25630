import { missingLoras } from '../images/lora-needs.ts'
import type { Offer } from './offers-store.ts'
import type { LorasByService } from './service-finds-store.ts'

const NONE: readonly string[] = []

/**
 * Those of some offers of one model that have every one of these LoRAs: those that list them all. When none does, those whose
 * lists have no room for all that they have, as any of them may. LoRAs decide nothing when none is needed.
 */
export function whoHasLoras(
  offers: readonly Offer[],
  { loras, lists }: { loras: readonly string[]; lists: LorasByService }
): readonly Offer[] {
  if (loras.length === 0) return offers
  const listOf = ({ serviceId, model }: Offer) => lists.get(serviceId)?.get(model)
  const sure = offers.filter((offer) => missingLoras(loras, listOf(offer)?.loras ?? NONE).length === 0)
  return sure.length > 0 ? sure : offers.filter((offer) => listOf(offer)?.more === true)
}
