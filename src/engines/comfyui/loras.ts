import type { NamedLora } from '../prompt-tags.ts'
import { members } from '../upstream-text.ts'

export interface ChosenLora {
  file: string
  strength: number
}

const MOST_LORAS = 8
const MOST_STRENGTH = 4
const LONGEST_NAME = 100

/**
 * The LoRAs that a call names, of those the owner lists: by tags in its prompt, in its field `loras`, or in one of other
 * interfaces: `lora: "film"`, also `film:0.8`. Strengths are −4 … 4, usually 1. What is not listed is left out, with a
 * warning.
 */
export function chooseLoras(
  { named, inPrompt }: { named: readonly unknown[]; inPrompt: readonly NamedLora[] },
  listed: ReadonlyMap<string, string>
): { chosen: ChosenLora[]; warnings: string[] } {
  const fields = named.flatMap((one) => (Array.isArray(one) ? (one as unknown[]) : one === undefined ? [] : [one]))
  const asked: unknown[] = [...inPrompt, ...fields]
  const warnings: string[] = []
  if (asked.length > MOST_LORAS) warnings.push(`Of ${asked.length} LoRAs the first ${MOST_LORAS} were used.`)
  const chosen = asked.slice(0, MOST_LORAS).flatMap((one) => {
    const { name, strength } = readLora(one)
    const file = listed.get(name)
    if (file !== undefined) return [{ file, strength }]
    const offered = listed.size === 0 ? 'none' : [...listed.keys()].slice(0, 20).join(', ')
    warnings.push(`The LoRA '${name.slice(0, LONGEST_NAME)}' was not used: this model offers ${offered}.`)
    return []
  })
  return { chosen, warnings }
}

function readLora(asked: unknown): { name: string; strength: number } {
  if (typeof asked === 'string') {
    const [, name = asked, strength] = /^(.*?)(?::(-?\d+(?:\.\d+)?))?$/s.exec(asked) ?? []
    return { name, strength: bounded(strength === undefined ? undefined : Number(strength)) }
  }
  const { name, strength, weight, scale } = members(asked)
  return { name: typeof name === 'string' ? name : '', strength: bounded(strength ?? weight ?? scale) }
}

const bounded = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(MOST_STRENGTH, Math.max(-MOST_STRENGTH, value)) : 1
