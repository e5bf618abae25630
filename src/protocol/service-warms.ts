import { type Static, Type } from 'typebox'
import { BoundedText, literals, Name } from './bounded.ts'

/** Models of one service that its owner may wish to have loaded at a time. */
export const MAX_WARMS = 20
export const MAX_WARM_CHARS = 300
/** How such a wish ends. `refused`: the agent would not, or images went first; `unsupported`: the image server cannot be told. */
export const WARM_ENDS = ['warmed', 'refused', 'failed', 'unsupported'] as const

const service = Name(100)
const model = Name(200)
const wish = Name(200)

/**
 * The owner's wish that the image server of a service loads one of its models, so that the next image of it begins at once. The
 * agent decides. Sent to agents that `accept` it, and with the same `wish` again over each new connection until it is answered.
 */
export const ServiceWarm = Type.Object({ type: Type.Literal('service.warm'), service, model, wish })
export type ServiceWarm = Static<typeof ServiceWarm>

/** What the agent makes of a wish: `waiting` for images that go first, `warming`, and at last how it ended, and why. */
export const ServiceWarmed = Type.Object({
  type: Type.Literal('service.warmed'),
  service,
  model,
  wish,
  state: literals(['waiting', 'warming', ...WARM_ENDS]),
  text: BoundedText(MAX_WARM_CHARS)
})
export type ServiceWarmed = Static<typeof ServiceWarmed>
