import type { Rgb } from './colour.ts'
import {
  COLOUR_WORDS,
  ELEMENT_WORDS,
  SCENE_WORDS,
  SUBJECT_WORDS,
  TONE_WORDS,
  TREATMENT_WORDS,
  type ElementName,
  type SceneName,
  type SubjectName,
  type ToneName,
  type TreatmentName
} from './prompt-words.ts'

/** What the painter understood of a prompt and a negative prompt. Lists are in the order of the words. */
export interface PromptReading {
  scenes: SceneName[]
  tones: ToneName[]
  subject: SubjectName | undefined
  /** Named right before the subject, as in "a red fox": then it colours the fox, not the picture. */
  subjectColour: Rgb | undefined
  colours: Rgb[]
  treatments: TreatmentName[]
  wanted: ReadonlySet<ElementName>
  unwanted: ReadonlySet<ElementName>
  unwantedScenes: ReadonlySet<SceneName>
  unwantedSubjects: ReadonlySet<SubjectName>
  unwantedColours: Rgb[]
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}&-]+/gu) ?? []

/** Finds a word as written, else without a plural ending. */
function lookUp<Value>(map: ReadonlyMap<string, Value>, word: string): Value | undefined {
  return map.get(word) ?? map.get(word.replace(/s$/, '')) ?? map.get(word.replace(/es$/, ''))
}

function collect<Value>(map: ReadonlyMap<string, Value>, words: readonly string[]): Value[] {
  const found = new Set<Value>()
  for (const word of words) {
    const value = lookUp(map, word)
    if (value !== undefined) found.add(value)
  }
  return [...found]
}

function findSubject(words: readonly string[], unwanted: ReadonlySet<SubjectName>) {
  const at = words.findIndex((word) => {
    const name = lookUp(SUBJECT_WORDS, word)
    return name !== undefined && !unwanted.has(name)
  })
  if (at < 0) return { subject: undefined, subjectColour: undefined, others: words }
  const subject = lookUp(SUBJECT_WORDS, words[at] as string)
  const colourAt = [at - 1, at - 2].find((index) => COLOUR_WORDS.has(words[index] ?? '')) ?? -1
  return {
    subject,
    subjectColour: COLOUR_WORDS.get(words[colourAt] ?? ''),
    others: words.filter((_, index) => index !== colourAt)
  }
}

/** English words steer the picture; a prompt without any known word still decides it, through its hash. */
export function readPrompt(prompt: string, negativePrompt = ''): PromptReading {
  const negative = wordsOf(negativePrompt)
  const unwantedScenes = new Set(collect(SCENE_WORDS, negative))
  const unwantedSubjects = new Set(collect(SUBJECT_WORDS, negative))
  const unwantedColours = collect(COLOUR_WORDS, negative)
  const words = wordsOf(prompt)
  const { subject, subjectColour, others } = findSubject(words, unwantedSubjects)
  return {
    scenes: collect(SCENE_WORDS, words).filter((scene) => !unwantedScenes.has(scene)),
    tones: collect(TONE_WORDS, words),
    subject,
    subjectColour,
    colours: collect(COLOUR_WORDS, others).filter((colour) => !unwantedColours.includes(colour)),
    treatments: collect(TREATMENT_WORDS, words),
    wanted: new Set(collect(ELEMENT_WORDS, words)),
    unwanted: new Set(collect(ELEMENT_WORDS, negative)),
    unwantedScenes,
    unwantedSubjects,
    unwantedColours
  }
}
