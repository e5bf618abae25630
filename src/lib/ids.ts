import { randomBytes, randomFillSync } from 'node:crypto'

export const ID_PREFIXES = [
  'req',
  'tsk',
  'att',
  'ast',
  'key',
  'usr',
  'prv',
  'svc',
  'xid',
  'bat',
  'whd',
  'inv',
  'sgn',
  'acc',
  'ver',
  'shl',
  'wrm',
  'upl'
] as const

export type IdPrefix = (typeof ID_PREFIXES)[number]

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'

/** Random bytes not used yet, from `nextByte` on: drawing one takes as long as drawing all of these. */
const drawn = Buffer.alloc(4096)
let nextByte = drawn.length

function randomByte(): number {
  if (nextByte === drawn.length) {
    randomFillSync(drawn)
    nextByte = 0
  }
  const byte = drawn[nextByte] as number
  // What made a secret does not stay in memory.
  drawn[nextByte] = 0
  nextByte += 1
  return byte
}

/** Lower-case base 36 text carrying at least 128 random bits in 25 characters. */
function randomBase36(characters: number): string {
  let text = ''
  while (text.length < characters) {
    const byte = randomByte()
    // 252 is the largest multiple of 36 in a byte: dropping the rest keeps every letter equally likely.
    if (byte < 252) text += ALPHABET.charAt(byte % 36)
  }
  return text
}

/** An opaque, unguessable id such as `req_4f0…` (25 characters after the prefix, 129 bits). */
export const newId = (prefix: IdPrefix): string => `${prefix}_${randomBase36(25)}`

/** A secret of 192 random bits or more, for API keys and lease tokens. */
export const newSecret = (prefix: string): string => `${prefix}${randomBase36(40)}`

/** A signing secret of 192 random bits in the form of Standard Webhooks: `whsec_` and base64. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(24).toString('base64')}`
