import type { KeyInfo, ResponseFormat, Scope } from '../../../../src/http/dashboard/contract/keys.ts'
import { describeLimits } from '../../components/limits/limit-words.ts'
import { formatNumber } from '../../lib/format.ts'

/** What a key may do: as its badge, as the choice in the dialog, and what that means. */
export const SCOPES: readonly { scope: Scope; badge: string; label: string; detail: string }[] = [
  { scope: 'generate', badge: 'Images', label: 'Make images', detail: 'Make, edit, follow and delete images.' },
  {
    scope: 'agent',
    badge: 'Agents',
    label: 'Connect agents',
    detail: 'Let a machine with an image server work for everybody here.'
  },
  { scope: 'usage', badge: 'Usage', label: 'Read usage', detail: 'Read how many images were made and what they took.' },
  { scope: 'admin', badge: 'Admin', label: 'Administer', detail: 'Read the metrics of the whole server.' }
]

/** `auto`: the key names none. */
export type FormatChoice = ResponseFormat | 'auto'

export const RESPONSE_FORMATS: readonly { value: FormatChoice; label: string; detail: string }[] = [
  {
    value: 'auto',
    label: 'As programs expect',
    detail: 'Links; for models named like gpt-image, the image itself (base64) as well.'
  },
  { value: 'url', label: 'Links', detail: 'Answers hold a link to each image.' },
  {
    value: 'b64_json',
    label: 'Links and data',
    detail: 'The image itself (base64) stands beside its link, for programs that cannot ask for it.'
  },
  {
    value: 'b64_json_only',
    label: 'Data alone',
    detail: 'Base64 without a link, for programs that insist on fetching any link they see.'
  }
]

export type KeyStatus = 'active' | 'expired' | 'revoked'

export function keyStatus({ revokedAt, expiresAt }: KeyInfo, now: number): KeyStatus {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active'
}

/** Each limit of a key in a few words; empty when there is none. */
export function describeKeyLimits({ limits, rateLimit }: Pick<KeyInfo, 'limits' | 'rateLimit'>): string[] {
  const words = describeLimits(limits)
  if (rateLimit === null) return words
  return [...words, rateLimit === 0 ? 'any number of calls' : `${formatNumber(rateLimit)} calls a minute`]
}
