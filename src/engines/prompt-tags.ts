import { cleanText } from '../lib/clean-text.ts'
import { EngineError } from './engine.ts'

/** LoRAs that prompts may name, by the names that the image server has for them; or all. */
export type AllowedLoras = readonly string[] | 'any'

export interface NamedLora {
  name: string
  weight: number
}

export interface TagsOfPrompt {
  /** The prompt without its tags; unchanged when it has none. */
  text: string
  /** Those that may be used, each once. */
  loras: NamedLora[]
  /** What was left out, a sentence at most. */
  warnings: string[]
}

/** stable-diffusion.cpp obeys a block of settings of this name inside a prompt: size, count, file paths. */
const CONTROL_TAG = 'sd_cpp_extra_args'
/** `<lora:name:weight>` and its kin, as stable-diffusion-webui finds them: any word before the colon is a network. */
const OPENING = /<([\p{L}\p{N}_]+):/gu
const LORA_KINDS = ['lora', 'lyco']
/** What no file name of a LoRA holds, and what would lead out of its folder. */
const UNSAFE_NAME = /[<>:"|?*\\\p{Cc}]|^\/|(?:^|\/)\.\.?(?:\/|$)/u
const MAX_NAME_CHARS = 200
const MOST_LORAS = 20
const MAX_WEIGHT = 10
const MOST_NAMED = 5
const MAX_SHOWN_CHARS = 40

/** Throws `bad_request` for a prompt that holds settings, which could name files and change what was asked for. */
export function refuseControlTag(prompts: { prompt: string; negative_prompt?: string | undefined }): void {
  for (const param of ['prompt', 'negative_prompt'] as const) {
    if (!prompts[param]?.includes(CONTROL_TAG)) continue
    throw new EngineError('bad_request', `The ${param} may not contain '${CONTROL_TAG}'.`, { param })
  }
}

/**
 * Takes all tags out of a prompt that load something on the machine of an image server. In place of each stands a space:
 * so no two halves around one can make another. A LoRA's weight is its first number, from −10 to 10, or 1.
 */
export function takeTags(prompt: string, allowed: AllowedLoras): TagsOfPrompt {
  const kept: string[] = []
  const loras = new Map<string, NamedLora>()
  const refused: string[] = []
  let rest = 0
  OPENING.lastIndex = 0
  for (let found = OPENING.exec(prompt); found; found = OPENING.exec(prompt)) {
    const begin = OPENING.lastIndex
    const end = prompt.indexOf('>', begin)
    // Without any '>' behind it, nothing further is a tag either.
    if (end === -1) break
    // An empty one is none.
    if (end === begin) continue
    kept.push(prompt.slice(rest, found.index), ' ')
    rest = end + 1
    OPENING.lastIndex = rest
    const lora = readLora(found[1] ?? '', prompt.slice(begin, end), allowed)
    if (lora && (loras.size < MOST_LORAS || loras.has(lora.name))) loras.set(lora.name, lora)
    else refused.push(prompt.slice(found.index, rest))
  }
  if (rest === 0) return { text: prompt, loras: [], warnings: [] }
  const text = [...kept, prompt.slice(rest)].join('').trim()
  return { text, loras: [...loras.values()], warnings: refused.length === 0 ? [] : [warningOf(refused)] }
}

/** As much of a tag as is read. */
const MAX_TAG_CHARS = 1000
/** What stands between `<` and `>` and may be a command: a word, what is in brackets after it, and a colon or nothing. */
const COMMAND = /^\s*([\p{L}\p{N}_]+)\s*(\[[^\]]*\])?\s*(?::|$|\/\/)/u

/**
 * Takes all tags out of a prompt for a server where anything between `<` and `>` may be a command, also one inside of
 * another (SwarmUI: `<random:a|<lora:b>>`, `<param[steps]:500>`, `<break>`). No `<` is left that has a `>` behind it; of
 * one that begins no command only the sign itself is taken. LoRAs are as in `takeTags`.
 */
export function takeEveryTag(prompt: string, allowed: AllowedLoras): TagsOfPrompt {
  const ends = findEnds(prompt)
  const last = prompt.lastIndexOf('>')
  const kept: string[] = []
  const loras = new Map<string, NamedLora>()
  const refused: string[] = []
  let rest = 0
  for (let begin = prompt.indexOf('<'); begin !== -1; begin = prompt.indexOf('<', rest)) {
    const end = ends.get(begin)
    const body = end === undefined ? '' : prompt.slice(begin + 1, Math.min(end, begin + 1 + MAX_TAG_CHARS))
    const command = COMMAND.exec(body)
    kept.push(prompt.slice(rest, begin))
    if (end === undefined || !command) {
      // A sign that nothing closes stands for itself, unless what follows could be closed by what an owner appends.
      kept.push(begin > last && !/^<\s*[\p{L}_]/u.test(prompt.slice(begin, begin + 20)) ? '<' : ' ')
      rest = begin + 1
      continue
    }
    kept.push(' ')
    rest = end + 1
    const [whole, kind = '', bracket] = command
    const lora = bracket === undefined ? readLora(kind, body.slice(whole.length), allowed) : undefined
    if (lora && (loras.size < MOST_LORAS || loras.has(lora.name))) loras.set(lora.name, lora)
    else refused.push(prompt.slice(begin, rest))
  }
  if (rest === 0) return { text: prompt, loras: [], warnings: [] }
  const text = [...kept, prompt.slice(rest)].join('').trim()
  return { text, loras: [...loras.values()], warnings: refused.length === 0 ? [] : [warningOf(refused)] }
}

/** Where each `<` ends that is closed, by its place. */
function findEnds(prompt: string): Map<number, number> {
  const open: number[] = []
  const ends = new Map<number, number>()
  for (const { index, 0: sign } of prompt.matchAll(/[<>]/g)) {
    const begin = sign === '<' ? undefined : open.pop()
    if (sign === '<') open.push(index)
    else if (begin !== undefined) ends.set(begin, index)
  }
  return ends
}

/** Of the LoRAs that a server lists those that callers may name; of a server that lists none, all that its owner names. */
export function allowedLoras(allowed: AllowedLoras, found: readonly string[]): string[] {
  if (allowed === 'any') return [...found]
  const there = new Set(found.map((name) => name.toLowerCase()))
  return allowed.filter((name) => there.size === 0 || there.has(name.toLowerCase()))
}

/**
 * Those in the prompt, and those that a field of the call names: each once, and of one that both name the field's weight. What
 * is not allowed is left out, with a warning.
 */
export function withNamedLoras<T extends TagsOfPrompt>(
  tags: T,
  named: readonly NamedLora[] | undefined,
  allowed: AllowedLoras
): T {
  if (!named || named.length === 0) return tags
  const loras = new Map(tags.loras.map((lora) => [lora.name, lora]))
  const warnings = [...tags.warnings]
  for (const { name, weight } of named) {
    const lora = readLora('lora', `${name}:${weight}`, allowed)
    if (lora && (loras.size < MOST_LORAS || loras.has(lora.name))) loras.set(lora.name, lora)
    else
      warnings.push(
        `The LoRA '${cleanText(name, MAX_SHOWN_CHARS)}' was not used, because the provider does not allow it.`
      )
  }
  return { ...tags, loras: [...loras.values()], warnings }
}

/** As stable-diffusion-webui takes it in a prompt. */
export const loraTag = ({ name, weight }: NamedLora): string => `<lora:${name}:${weight}>`

function readLora(kind: string, args: string, allowed: AllowedLoras): NamedLora | undefined {
  if (!LORA_KINDS.includes(kind.toLowerCase())) return undefined
  const [asked = '', number = '1'] = args.split(':', 2).map((part) => part.trim())
  if (asked === '' || asked.length > MAX_NAME_CHARS || UNSAFE_NAME.test(asked)) return undefined
  const name =
    allowed === 'any' ? asked : allowed.find((one) => one === asked || one.toLowerCase() === asked.toLowerCase())
  if (name === undefined) return undefined
  const weight = /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(number) ? Number(number) : 1
  return { name, weight: Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, weight)) }
}

function warningOf(refused: readonly string[]): string {
  const shown = refused.slice(0, MOST_NAMED).map((tag) => `'${cleanText(tag, MAX_SHOWN_CHARS)}'`)
  const more = refused.length > MOST_NAMED ? ` and ${refused.length - MOST_NAMED} more` : ''
  return `${shown.join(', ')}${more}: left out of the prompt, because the provider does not allow it.`
}
