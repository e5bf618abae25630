/**
 * LoRAs among what an image needs of a service. Beside features it is one word a LoRA: `lora:` and the name as in a URL, for
 * names hold spaces.
 */
const PREFIX = 'lora:'

export const needOfLora = (name: string): string => PREFIX + encodeURIComponent(name.toWellFormed())

/** What is needed, apart: features, and the names of LoRAs as the caller spells them. */
export function readNeeds(needs: readonly string[]): { features: string[]; loras: string[] } {
  const isLora = (need: string) => need.startsWith(PREFIX)
  return {
    features: needs.filter((need) => !isLora(need)),
    loras: needs.filter(isLora).map((need) => decodeURIComponent(need.slice(PREFIX.length)))
  }
}

/** Names that differ in nothing but this are one LoRA's: capitals, and how systems write accents into names of files. */
const foldLora = (name: string): string => name.normalize('NFC').toLowerCase()

/** Of lists, which many images are compared with while they are there. */
const folded = new WeakMap<readonly string[], ReadonlySet<string>>()

/** Those of the names that the list lacks, which is never changed. */
export function missingLoras(names: readonly string[], listed: readonly string[]): string[] {
  const there = folded.get(listed) ?? new Set(listed.map(foldLora))
  folded.set(listed, there)
  return names.filter((name) => !there.has(foldLora(name)))
}

/** The name in the spelling of the list: as it stands there, or else the first that is the same LoRA's; undefined: neither. */
export const spellLora = (name: string, listed: readonly string[]): string | undefined =>
  listed.includes(name) ? name : listed.find((one) => foldLora(one) === foldLora(name))
