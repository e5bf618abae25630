import { describe, expect, it } from 'vitest'
import { COLOUR_WORDS } from './prompt-words.ts'
import { readPrompt } from './read-prompt.ts'

describe('readPrompt', () => {
  it('finds scene, tone and colours in their order', () => {
    const reading = readPrompt('Mountains at sunset, in teal and gold')
    expect(reading.scenes).toEqual(['mountains'])
    expect(reading.tones).toEqual(['sunset'])
    expect(reading.colours).toEqual([COLOUR_WORDS.get('teal'), COLOUR_WORDS.get('gold')])
  })

  it('gives a colour right before the subject to the subject', () => {
    const reading = readPrompt('a red fox under a violet sky')
    expect(reading.subject).toBe('fox')
    expect(reading.subjectColour).toEqual(COLOUR_WORDS.get('red'))
    expect(reading.colours).toEqual([COLOUR_WORDS.get('violet')])
  })

  it('knows plurals', () => {
    expect(readPrompt('two foxes').subject).toBe('fox')
    expect(readPrompt('cats').subject).toBe('cat')
  })

  it('takes nothing the negative prompt names', () => {
    const reading = readPrompt('a cat in a red city by the ocean', 'cats, red, ocean, trees')
    expect(reading.subject).toBeUndefined()
    expect(reading.colours).toEqual([])
    expect(reading.scenes).toEqual(['city'])
    expect(reading.unwanted.has('trees')).toBe(true)
  })

  it('understands nothing of an unknown language without failing', () => {
    expect(readPrompt('портрет 山')).toMatchObject({ scenes: [], tones: [], colours: [], subject: undefined })
  })
})
