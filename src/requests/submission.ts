import { createHash } from 'node:crypto'
import type { SavedBytes } from '../assets/save-asset.ts'
import type { Routing } from '../db/tables.ts'
import { type ImageRequest, neededFeatures } from '../images/image-request.ts'
import { needOfLora } from '../images/lora-needs.ts'
import type { Principal } from '../lib/principal.ts'
import type { Visibility } from '../lib/visibility.ts'

/** A validated call on its way to becoming a request. */
export interface Submission {
  principal: Principal
  image: ImageRequest
  /** Source images and mask, their bytes in the store already; none for a generation. */
  inputs: readonly RequestInput[]
  /** Nobody waits for the answer on the connection that sent it. */
  isAsync: boolean
  routing: Routing
  /** Called when the request ends. */
  webhookUrl?: string
  /** The end-user id a caller passed along. */
  endUser?: string
  /** As the call says; absent: as its key or its caller does. */
  visibility?: Visibility
  /** Seconds for which it is kept from its end on, 0 until it is delivered, as the call says; absent: as its key does. */
  expiresIn?: number
}

/** A source image or mask as it is kept with a request. */
export interface RequestInput extends SavedBytes {
  kind: 'input' | 'mask'
}

/** What a service must be able to do for this call, and the LoRAs that it must have, in the same order for the same. */
export const needsOf = ({ image, inputs }: Pick<Submission, 'image' | 'inputs'>): string[] => {
  const { kind, parameters } = image
  const loras = new Set(parameters.loras?.map(({ name }) => needOfLora(name)))
  return [...neededFeatures({ kind, inputs, parameters }), ...[...loras].sort()]
}

/**
 * What a call means, as a hash: its canonical fields and the hashes of its inputs, never the bytes it was sent as, nor
 * how the answer is to be delivered.
 */
export function fingerprintOf({ image, inputs, routing, visibility, expiresIn }: Submission): string {
  const { kind, model, prompt, n, parameters } = image
  const hashes = inputs.map((one) => [one.kind, one.sha256])
  const meaning = { kind, model, prompt, n, parameters, routing, visibility, expiresIn, inputs: hashes }
  return createHash('sha256').update(canonicalJson(meaning)).digest('hex')
}

/** JSON with the members of every object in alphabetical order. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member
  )
