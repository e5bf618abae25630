import { describe, expect, it } from 'vitest'
import { missingLoras, needOfLora, readNeeds, spellLora } from './lora-needs.ts'

describe('LoRAs among what an image needs', () => {
  it.each(['film', 'Ink & Film: v2', 'styles/ink.safetensors', 'lora:lora', 'été', '墨', '100%', 'x'.repeat(200)])(
    'come back as they were named: %s',
    (name) => {
      const text = ['generate', needOfLora(name), 'mask'].join(' ')
      expect(readNeeds(text.split(' '))).toEqual({ features: ['generate', 'mask'], loras: [name] })
    }
  )

  it('are no reason to fail when their name is half a sign', () => {
    expect(readNeeds([needOfLora('a\ud800')]).loras).toEqual(['a\ufffd'])
  })

  it('are the same whatever their capitals, and however a system writes its accents', () => {
    expect(missingLoras(['FILM', 'e\u0301te\u0301', 'ink'], ['film', 'Été'])).toEqual(['ink'])
  })

  it('are spelt as the list has them, and as they were asked for if it has both', () => {
    expect(spellLora('FILM', ['Film', 'film'])).toBe('Film')
    expect(spellLora('film', ['Film', 'film'])).toBe('film')
    expect(spellLora('ink', ['film'])).toBeUndefined()
  })
})
