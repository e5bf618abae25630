import type { Lora } from '../../../src/images/fields.ts'

/** LoRAs as the form holds them: `film:0.8, ink:1`; what stands between two is written otherwise within a name. */
export const spellLoras = (loras: readonly Lora[]): string =>
  loras.map(({ name, weight }) => `${name.replace(/[%,]/g, encodeURIComponent)}:${weight}`).join(', ')

/** What the form holds; a weight that is none is 1. */
export function parseLoras(text: string): Lora[] {
  return text
    .split(', ')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [, name = part, weight] = /^(.*):([^:]*)$/s.exec(part) ?? []
      const number = weight === undefined || weight.trim() === '' ? 1 : Number(weight)
      const plain = name.replaceAll('%2C', ',').replaceAll('%25', '%')
      return { name: plain, weight: Number.isFinite(number) ? number : 1 }
    })
}

/** The LoRAs of a recorded request; none when it has none. */
export const lorasIn = (value: unknown): Lora[] =>
  Array.isArray(value) && value.every((one) => typeof (one as Lora | null)?.name === 'string') ? (value as Lora[]) : []
