import { type Lora, MAX_LORA_WEIGHT } from '../../images/fields.ts'
import { errors } from '../../lib/errors.ts'
import { isClean } from '../../lib/clean-text.ts'

/**
 * A list of LoRAs in canonical form. Each is `{name, weight}`, or text with or without a weight behind it: `film:0.8`; one
 * alone need not be in a list, and forms have the list as JSON. Weights are 1 when not said. Throws `invalid_request`.
 */
export function parseLoras(value: unknown, name: string, bounds: { maxItems: number; maxChars: number }): Lora[] {
  const sent = typeof value === 'string' && /^\s*[[{]/.test(value) ? parseJson(value, name) : value
  const list: unknown[] = Array.isArray(sent) ? (sent as unknown[]) : [sent]
  if (list.length > bounds.maxItems) {
    throw errors.invalidRequest(`'${name}' may name at most ${bounds.maxItems} LoRAs.`, name)
  }
  return list.map((one) => parseLora(one, name, bounds.maxChars))
}

function parseLora(value: unknown, field: string, maxChars: number): Lora {
  const { name, weight = 1 } = typeof value === 'string' ? splitText(value) : membersOf(value)
  if (typeof name !== 'string' || name.trim() === '' || name.length > maxChars || !isClean(name)) {
    throw errors.invalidRequest(
      `'${field}' must be a list of {name, weight}, names of at most ${maxChars} characters.`,
      field
    )
  }
  if (typeof weight !== 'number' || !(Math.abs(weight) <= MAX_LORA_WEIGHT)) {
    throw errors.invalidRequest(`Weights in '${field}' must be from -${MAX_LORA_WEIGHT} to ${MAX_LORA_WEIGHT}.`, field)
  }
  return { name: name.trim(), weight: Math.round(weight * 1000) / 1000 }
}

function splitText(text: string): { name: string; weight?: number } {
  const [, name = text, weight] = /^(.*):([+-]?\d+(?:\.\d+)?)\s*$/s.exec(text) ?? []
  return { name, ...(weight !== undefined && { weight: Number(weight) }) }
}

function membersOf(value: unknown): Record<string, unknown> {
  const { name, weight, strength, scale } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >
  return { name, weight: weight ?? strength ?? scale ?? undefined }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw errors.invalidRequest(`'${name}' is no JSON.`, name)
  }
}
