import { type Static, Type } from 'typebox'
import { FEATURES } from '../images/image-request.ts'
import { BoundedText, Count, literals, Name } from './bounded.ts'
import { MAX_FOUND_NAME_CHARS } from './service-inventory.ts'

/** Found models of one service that its owner may offer on the dashboard. */
export const MAX_OFFERS = 50
export const MAX_REFUSAL_CHARS = 300

const service = Name(100)
const foundName = Name(MAX_FOUND_NAME_CHARS)

/**
 * The owner's word: which of the models that lie on the machine of a service it is to offer beside those of its file, all of
 * them. The agent decides. Sent to agents that `accept` it, after the welcome and at each change.
 */
export const ServiceOffer = Type.Object({
  type: Type.Literal('service.offer'),
  service,
  /** Counts the words of the owner. */
  revision: Count(),
  /** As the inventory names them. */
  models: Type.Array(foundName, { maxItems: MAX_OFFERS })
})
export type ServiceOffer = Static<typeof ServiceOffer>

/** What the agent makes of the owner's word of that revision. It may change its mind, and says all of it again then. */
export const ServiceOffered = Type.Object({
  type: Type.Literal('service.offered'),
  service,
  revision: Count(),
  models: Type.Array(
    Type.Object({ name: foundName, id: Name(200), features: Type.Array(literals(FEATURES), { maxItems: 20 }) }),
    { maxItems: MAX_OFFERS }
  ),
  refused: Type.Array(Type.Object({ name: foundName, text: BoundedText(MAX_REFUSAL_CHARS) }), { maxItems: MAX_OFFERS })
})
export type ServiceOffered = Static<typeof ServiceOffered>
