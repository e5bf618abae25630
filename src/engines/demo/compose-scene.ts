import type { Box } from './changed-box.ts'
import type { Rgb } from './colour.ts'
import { avoiding, choosePalette } from './choose-palette.ts'
import { canvasOf, type Layer } from './layer.ts'
import { stars } from './layers/stars.ts'
import { createNoise } from './noise.ts'
import type { Palette } from './palettes.ts'
import type { SceneName, SubjectName } from './prompt-words.ts'
import { createRandom, hashSeed, type Random } from './random.ts'
import { readPrompt, type PromptReading } from './read-prompt.ts'
import { SCENES } from './scenes/index.ts'
import type { SceneBrief } from './scenes/scene.ts'
import { drawSubject, type SubjectPlace } from './subjects/subject.ts'

export interface SceneRequest {
  prompt: string
  negativePrompt: string
  seed: number
  width: number
  height: number
  /** Colours to paint with instead of those the prompt names. */
  borrowed: readonly Rgb[]
  /** Given for an edit: the subject is no part of the scene then, but stands in this part of the picture. */
  subjectBox?: Box
}

export interface ComposedScene {
  layers: Layer[]
  /** What stands before everything else. */
  subject: Layer[]
  palette: Palette
  /** Strengths for the finish; a negative prompt may forbid both. */
  vignette: number
  grain: number
}

/** Where a subject is at home, when the prompt names no place. */
const HOMES: Partial<Record<SubjectName, readonly [SceneName, ...SceneName[]]>> = {
  fox: ['forest', 'meadow', 'mountains'],
  deer: ['forest', 'mountains', 'lake'],
  bear: ['forest', 'lake', 'mountains'],
  rabbit: ['meadow', 'forest'],
  cat: ['meadow', 'city'],
  whale: ['ocean', 'underwater'],
  fish: ['underwater'],
  boat: ['ocean', 'lake'],
  lighthouse: ['ocean'],
  rocket: ['space', 'dunes'],
  robot: ['city', 'dunes'],
  cabin: ['lake', 'mountains', 'forest'],
  flower: ['meadow'],
  oak: ['meadow'],
  balloon: ['mountains', 'meadow', 'dunes'],
  castle: ['mountains', 'lake'],
  bird: ['meadow', 'forest', 'lake'],
  person: ['mountains', 'dunes', 'ocean']
}

function chooseScene(reading: PromptReading, random: Random): SceneName {
  const [first, ...others] = reading.scenes
  if (first !== undefined) return random.pick([first, first, ...others])
  const names = Object.keys(SCENES) as [SceneName, ...SceneName[]]
  const homes = reading.subject === undefined ? undefined : HOMES[reading.subject]
  const allowed = (homes ?? names).filter((name) => !reading.unwantedScenes.has(name))
  return random.pick(allowed.length > 0 ? (allowed as [SceneName, ...SceneName[]]) : names)
}

/** Upright in the lower middle of a box, filling almost half of it. */
function placeIn({ left, top, right, bottom }: Box, random: Random): SubjectPlace {
  const side = Math.min(right - left, bottom - top)
  return {
    x: left + (right - left) * random.between(0.42, 0.58),
    y: bottom - side * 0.12,
    size: side * 0.42,
    mirrored: random.chance(0.5)
  }
}

/** Flakes in the air, all over the picture. */
const snowfall = ({ canvas, random }: SceneBrief): Layer =>
  stars({ canvas, random, colour: [1, 1, 1], bottom: canvas.height * 1.3, density: 900 })

/** Lays out the picture a prompt and a seed decide. */
export function composeScene(request: SceneRequest): ComposedScene {
  const { prompt, negativePrompt, seed, width, height, borrowed, subjectBox } = request
  const reading = readPrompt(prompt, negativePrompt)
  const random = createRandom(hashSeed(prompt.trim().toLowerCase(), seed))
  const scene = SCENES[chooseScene(reading, random)]
  const palette = choosePalette({ reading, tones: scene.tones, borrowed, random })
  const permitted = avoiding(reading.unwantedColours)
  const brief: SceneBrief = {
    canvas: canvasOf(width, height),
    random,
    noise: createNoise(random),
    palette,
    subject: reading.subject,
    subjectColour: reading.subjectColour,
    permitted,
    has: (element, chance) => {
      const drawn = random.chance(chance)
      return !reading.unwanted.has(element) && (drawn || reading.wanted.has(element))
    }
  }
  const layers = scene.layersOf(subjectBox === undefined ? brief : { ...brief, subject: undefined })
  if (reading.wanted.has('snow') && !reading.unwanted.has('snow')) layers.push(snowfall(brief))
  return {
    layers,
    subject: subjectBox === undefined ? [] : drawSubject(brief, placeIn(subjectBox, random)),
    palette,
    vignette: reading.unwanted.has('vignette') ? 0 : 0.28,
    grain: reading.unwanted.has('grain') ? 0.002 : reading.wanted.has('grain') ? 0.03 : 0.009
  }
}
