import { access } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { FEATURES } from '../images/image-request.ts'
import type { Engine } from './engine.ts'
import { ENGINES } from './engine-descriptions.ts'
import { EngineOptionError } from './engine-options.ts'
import { createEngine } from './engine-registry.ts'
import { PROFILE_NAMES } from './openai/profiles.ts'

const made: Engine[] = []
afterAll(() => Promise.all(made.map((engine) => engine.close?.())))

const make = (name: string, options: Record<string, unknown> = {}, modelOptions: Record<string, unknown> = {}) => {
  const models = [{ servedAs: 'm', options: modelOptions }]
  const engine = createEngine(name, { url: 'http://127.0.0.1:1', options, models, folder: '.', maxImageBytes: 1000 })
  made.push(engine)
  return engine
}

describe.each(ENGINES)('the engine $name', (description) => {
  it('can be made without options, by the name of its description', () => {
    expect(make(description.name).name).toBe(description.name)
  })

  it('has options that it reads, and no others', () => {
    // No option is a list of lists: whoever reads one refuses it.
    for (const { name } of description.options) {
      expect(() => make(description.name, { [name]: [[]] }), name).toThrow(`option '${name}'`)
      expect(() => make(description.name, { [name]: [[]] }), name).not.toThrow('unknown')
    }
    for (const { name } of description.modelOptions ?? []) {
      expect(() => make(description.name, {}, { [name]: [[]] }), name).toThrow(`model 'm': option '${name}'`)
      expect(() => make(description.name, {}, { [name]: [[]] }), name).not.toThrow('unknown')
    }
    expect(() => make(description.name, { nonsense: 1 })).toThrow(EngineOptionError)
    expect(() => make(description.name, {}, { nonsense: 1 })).toThrow(EngineOptionError)
  })

  it('is described consistently', async () => {
    const { features, usualFeatures, takes, usualUrls, ownModel, document } = description
    expect(FEATURES).toEqual(expect.arrayContaining([...features]))
    expect(features).toEqual(expect.arrayContaining([...usualFeatures]))
    expect(takes.includes('url')).toBe(usualUrls.length > 0)
    expect(takes.includes('url')).toBe(ownModel === undefined)
    await access(new URL(`../../docs/${document.split('#')[0]}`, import.meta.url))
  })
})

it('a profile of the file is one of those that there are', () => {
  for (const profile of PROFILE_NAMES) expect(make('openai', { profile }).name).toBe('openai')
  for (const profile of ['SGLang', 'x'.repeat(10_000), 7, 'constructor']) {
    expect(() => make('openai', { profile })).toThrow("option 'profile'")
  }
})

it('there is no engine of another name', () => {
  expect(() => make('nonsense')).toThrow("there is no engine 'nonsense'")
})
