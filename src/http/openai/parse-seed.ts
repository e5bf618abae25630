import { SEEDS } from '../../images/fields.ts'
import { errors } from '../../lib/errors.ts'
import type { Fields } from './fields.ts'

/** More digits than any seed has: ComfyUI's largest, 2^64 − 1, has twenty. */
const MOST_CHARACTERS = 100
const DRAW_ONE = -1n

/**
 * The `seed` of a call: undefined when one is to be drawn, which is what −1 and an absent field mean. A seed of more
 * than 32 bits, as ComfyUI (64) and JavaScript (53) draw them, is folded: its remainder modulo 2^32 is used, and a
 * warning says which. As text it may have any number of digits up to 100 characters; a JSON number above 2^53 was
 * rounded by JSON itself before it is folded. Throws `invalid_request` for what is no whole number from −1 up.
 */
export function parseSeed(fields: Fields, warnings: string[]): number | undefined {
  const value = fields.value('seed')
  if (value === undefined) return undefined
  const seed = wholeNumber(value)
  if (seed === undefined || seed < DRAW_ONE) {
    throw errors.invalidRequest("'seed' must be a whole number, 0 or more; -1 has one drawn.", 'seed')
  }
  if (seed === DRAW_ONE) return undefined
  if (seed < SEEDS) return Number(seed)
  const folded = Number(seed % BigInt(SEEDS))
  const rounded = typeof value === 'number' && !Number.isSafeInteger(value)
  warnings.push(
    `'seed' was ${String(value).trim()}; seeds have 32 bits here, so its remainder modulo 2^32 was used: ${folded}.` +
      (rounded ? ' JSON numbers above 2^53 are rounded: send such a seed as text to keep its digits.' : '')
  )
  return folded
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'string') {
    const text = value.trim()
    if (text === '' || text.length > MOST_CHARACTERS) return undefined
    return /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : wholeNumber(Number(text))
  }
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
}
