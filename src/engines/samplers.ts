/** A sampler or a scheduler. */
export interface NamedChoice {
  /** As the server wants it. */
  name: string
  /** All spellings of it, its name among them. */
  names: string[]
}

export interface ChosenSampler {
  sampler?: string
  scheduler?: string
}

/**
 * The sampler of that name, spelled as the server does. Many servers know `DPM++ 2M Karras` as a sampler and a scheduler.
 * Undefined when the server, which lists its samplers, has none such: it would silently use another one.
 */
export function chooseSampler(
  asked: string,
  { samplers, schedulers }: { samplers: readonly NamedChoice[]; schedulers: readonly NamedChoice[] }
): ChosenSampler | undefined {
  if (samplers.length === 0) return { sampler: asked }
  const whole = findChoice(samplers, asked)
  if (whole) return { sampler: whole.name }
  const words = asked.trim().split(/[\s_]+/)
  // The longest scheduler first: "SGM Uniform" ends in the name of another one.
  for (let at = 1; at < words.length; at += 1) {
    const scheduler = findChoice(schedulers, words.slice(at).join(' '))
    const sampler = scheduler && findChoice(samplers, words.slice(0, at).join(' '))
    if (sampler) return { sampler: sampler.name, scheduler: scheduler.name }
  }
  return undefined
}

/** By name, label or alias, whatever its blanks, underscores and case. */
export const findChoice = (choices: readonly NamedChoice[], asked: string): NamedChoice | undefined =>
  choices.find(({ names }) => names.includes(asked)) ??
  choices.find(({ names }) => names.some((name) => plain(name) === plain(asked)))

/** `DPM++ 2M`, `dpmpp_2m` and `k_dpmpp_2m` are one. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll('++', 'pp')
    .replace(/^k_/, '')
    .replace(/ancestral$/, 'a')
    .replace(/[^a-z0-9]/g, '')
