import { describe, expect, it, onTestFinished } from 'vitest'
import { arrangeProbes, gone, GOOD } from '../../tests/support/arrange-probes.ts'
import { startFakeSdcpp } from '../../tests/support/fake-sdcpp.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import type { Engine } from '../engines/engine.ts'
import { createSdcppEngine } from '../engines/sdcpp/sdcpp-engine.ts'

describe('an image server', () => {
  it.each<[list: string[], checkModels: false | undefined, missing: string[] | undefined]>([
    [['other', 'another'], undefined, ['alias']],
    [['FLUX', 'another'], undefined, undefined],
    [['models/flux', 'another'], undefined, undefined],
    [['flux:latest', 'another'], undefined, undefined],
    [['flux:q4', 'another'], undefined, ['alias']],
    [[], undefined, undefined],
    [['other', 'another'], false, undefined]
  ])('that lists %j (checkModels: %s) lacks %j of a service', async (list, checkModels, missing) => {
    const models = [{ id: 'alias', servedAs: 'flux', features: [] }]
    const { told } = arrangeProbes(
      { a: async () => ({ ...GOOD, models: list }) },
      { models, ...(checkModels === false && { checkModels }) }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({ state: missing ? 'warning' : 'ok' })
    expect(told[0]!.missing).toEqual(missing)
    // Either it knows what was meant, or the list may be wrong.
    if (missing)
      expect(told[0]!.text).toMatch(
        /list the model 'flux' \(served_as of 'alias'\): not offered(; did you mean 'flux:q4'\?|\..*check_models: false)/
      )
  })

  it.each<[served: string, text: RegExp, missing: string[] | undefined]>([
    [
      'sdxl-trubo',
      /^The image server does not list the model 'sdxl-trubo' \(served_as of 'alias'\): not offered; did you mean 'sdxl-turbo'\? It has 'sdxl-turbo'\.$/,
      ['alias']
    ],
    ['sdxl-turb', /does not list the model 'sdxl-turb' \(served_as of 'alias'\)/, ['alias']],
    ['sdxl', /lists 'sdxl-turbo' alone, not 'sdxl' \(served_as of 'alias'\): a misspelling\?/, undefined],
    ['my-own', /lists 'sdxl-turbo' alone/, undefined],
    ['sdxl-turbo2', /lists 'sdxl-turbo' alone/, undefined]
  ])('that lists sdxl-turbo alone where %s is written says so', async (servedAs, text, missing) => {
    const { told } = arrangeProbes(
      { a: async () => ({ ...GOOD, models: ['sdxl-turbo'] }) },
      { models: [{ id: 'alias', servedAs, features: [] }] }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({ state: 'warning', text: expect.stringMatching(text) })
    expect(told[0]!.missing).toEqual(missing)
  })

  it.each([
    [['only.safetensors'], "It has 'only.safetensors'."],
    [[], 'It has none.']
  ])('whose list %j is whole lacks whatever is not in it', async (models, has) => {
    const { told } = arrangeProbes(
      { a: async () => ({ ...GOOD, models, isWhole: true }) },
      { models: [{ id: 'sdxl', servedAs: 'sd_xl_base_1.0.safetensors', features: [] }] }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({ state: 'warning', missing: ['sdxl'] })
    expect(told[0]!.text).toBe(
      `The image server does not list the model 'sd_xl_base_1.0.safetensors' (served_as of 'sdxl'): not offered. ${has}`
    )
  })

  it.each([
    'juggernutXL',
    'juggernutXL.safetensors',
    'xl/JuggernutXL.safetensors',
    'juggernautXL.ckpt',
    'sdxl/juggernutXL'
  ])('that lists files is asked whether %s is one of them, whatever its folder and ending', async (servedAs) => {
    const models = ['sd15.safetensors', 'xl/juggernautXL.safetensors']
    const { told } = arrangeProbes(
      { a: async () => ({ ...GOOD, models, isWhole: true }) },
      { models: [{ id: 'alias', servedAs, features: [] }] }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]!.text).toContain("not offered; did you mean 'xl/juggernautXL.safetensors'? It has ")
  })

  it('lacks what it lacked when it was asked last, while it says nothing', async () => {
    const list = (...models: string[]) => Promise.resolve({ ...GOOD, models, isWhole: true })
    let answer: Engine['describe'] = () => list('flux')
    const models = ['flux', 'sdxl'].map((id) => ({ id, servedAs: id, features: [] }))
    const { told } = arrangeProbes({ a: (signal) => answer(signal) }, { models }, { lookEveryMs: 5 })
    await waitFor(() => told.length === 1)
    answer = gone
    await waitFor(() => told.length === 2)
    answer = () => list('flux', 'sdxl')
    await waitFor(() => told.length === 3)
    expect(told.map(({ fault, missing }) => [fault, missing])).toEqual([
      [undefined, ['sdxl']],
      ['unreachable', ['sdxl']],
      [undefined, undefined]
    ])
  })

  it('whose names of models are as long as can be is told of within the bound', async () => {
    const models = Array.from({ length: 500 }, (_, i) => ({
      id: `${i}`.padEnd(200, 'i'),
      servedAs: `${i}s`,
      features: []
    }))
    const { told } = arrangeProbes({ a: async () => ({ ...GOOD, models: ['x'.repeat(1000)] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]!.text).toMatch(/check_models: false'\.$/)
  })

  it.each([
    [10, /'m8' and 'm9': not offered\./],
    [11, /'m8', 'm9' and 1 more: not offered\./]
  ])('that lacks %i models is told of with ten of their names at most', async (count, text) => {
    const models = Array.from({ length: count }, (_, i) => ({ id: `m${i}`, servedAs: `m${i}`, features: [] }))
    const { told } = arrangeProbes({ a: async () => ({ ...GOOD, models: ['flux', 'sdxl'] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]!.text).toMatch(text)
  })

  it('that lists a single model under the name that sd-server has for any may take any, until it refuses one', async () => {
    const models = ['flux', 'sdxl'].map((id) => ({ id, servedAs: id, features: [] }))
    const { told, probes } = arrangeProbes({ a: async () => ({ ...GOOD, models: ['sd-cpp-local'] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]).toEqual({ service: 'a', state: 'ok', text: '' })
    probes.check('a', { lackedModel: 'sdxl' })
    await waitFor(() => told.length === 2)
    expect(told[1]).toMatchObject({ state: 'warning', missing: ['flux', 'sdxl'] })
  })

  it('that lists a single model and refuses another takes no name but that, as long as its list stays so', async () => {
    let list = ['juggernaut']
    const models = ['sdxl-turbo', 'flux-dev'].map((id) => ({ id, servedAs: id, features: [] }))
    const { told, probes } = arrangeProbes({ a: async () => ({ ...GOOD, models: list }) }, { models })
    const next = async (count: number) => {
      await waitFor(() => told.length === count)
      return told.at(-1)
    }
    const doubt = /lists 'juggernaut' alone, not 'sdxl-turbo' and 'flux-dev': a misspelling/
    expect(await next(1)).toEqual({ service: 'a', state: 'warning', text: expect.stringMatching(doubt) })
    probes.check('a', { lackedModel: 'sdxl-turbo' })
    expect(await next(2)).toMatchObject({
      text: expect.stringMatching(
        /does not list the models 'sdxl-turbo' and 'flux-dev': not offered\. It has 'juggernaut'\./
      ),
      missing: ['sdxl-turbo', 'flux-dev']
    })
    // It is another server now, which may take any.
    list = ['dreamshaper']
    probes.check('a')
    expect((await next(3))!.missing).toBeUndefined()
    // A refusal that comes with a new list is of the server as it is now.
    list = ['juggernaut']
    probes.check('a', { lackedModel: 'flux-dev' })
    expect(await next(4)).toMatchObject({ missing: ['sdxl-turbo', 'flux-dev'] })
  })

  it('that lists a single model and refuses that one may take any other name', async () => {
    const models = ['juggernaut', 'flux-dev'].map((id) => ({ id, servedAs: id, features: [] }))
    let asked = 0
    const { told, probes } = arrangeProbes(
      { a: async () => (asked++, { ...GOOD, models: ['juggernaut'] }) },
      { models }
    )
    await waitFor(() => told.length === 1)
    probes.check('a', { lackedModel: 'juggernaut' })
    await waitFor(() => asked === 2)
    expect(probes.states()[0]!.missing).toBeUndefined()
  })

  it('that lists a single model is told to lack one that is misspelt, and to be doubted for what else is offered', async () => {
    const models = ['sdxl-trubo', 'my-own', 'flux-dev'].map((id) => ({ id, servedAs: id, features: [] }))
    const { told } = arrangeProbes({ a: async () => ({ ...GOOD, models: ['sdxl-turbo'] }) }, { models })
    await waitFor(() => told.length === 1)
    expect(told[0]).toMatchObject({
      text: expect.stringMatching(
        /list the model 'sdxl-trubo': not offered.*Nor does it list 'my-own' and 'flux-dev': offered until refused/
      ),
      missing: ['sdxl-trubo']
    })
  })

  it('that calls a model by several names is told to have it once, by the name that a file of an agent would have', async () => {
    const models = ['one', 'two'].flatMap((stem) => [
      `sd/${stem}.safetensors [0123456789]`,
      `sd_${stem}`,
      `sd/${stem}.safetensors`,
      stem
    ])
    const inventory = {
      models: ['one', 'two'].map((stem) => ({ servedAs: `sd/${stem}.safetensors`, name: stem })),
      unclearModels: ['sd/three.bin'],
      loras: []
    }
    const { told } = arrangeProbes(
      { a: async () => ({ ...GOOD, models, inventory }) },
      { models: [{ id: 'flux', servedAs: 'flux', features: [] }] }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]!.text).toContain(" It has 'sd/one.safetensors', 'sd/two.safetensors', 'sd/three.bin'. Without")
  })

  it.each([
    ['told of', { models: [{ servedAs: 'v1-5.safetensors', name: 'v1-5' }], loras: [] }],
    ['told of, but none of a kind that makes images', { models: [], loras: [] }],
    ['not told of', undefined]
  ])('that lists the file of a model twice is told to have it once, its files being %s', async (_what, inventory) => {
    const models = ['v1-5.safetensors', 'v1-5.safetensors', 'xl.safetensors']
    const { told } = arrangeProbes(
      { a: async () => ({ ...GOOD, models, ...(inventory && { inventory }) }) },
      { models: [{ id: 'flux', servedAs: 'flux', features: [] }] }
    )
    await waitFor(() => told.length === 1)
    expect(told[0]!.text?.match(/'v1-5\.safetensors'/g)).toHaveLength(1)
  })
})

it.each([
  ['tiny-q4_0.gguf', 'ok', ['flux']],
  ['tiny-q4_0', 'ok', ['flux']],
  ['any-name', 'ok', ['flux']],
  ['other-q4_0.gguf', 'warning', []]
] as const)('stable-diffusion.cpp has loaded what an agent calls %s: %s', async (servedAs, state, loaded) => {
  const server = await startFakeSdcpp({ model: 'tiny-q4_0.gguf' })
  const engine = createSdcppEngine({ baseUrl: server.url, maxImageBytes: 1000 })
  onTestFinished(async () => {
    await engine.close?.()
    await server.close()
  })
  const models = [{ id: 'flux', servedAs, features: [] }]
  const { told } = arrangeProbes({ a: engine.describe }, { models }, { times: { withinMs: 5000 } })
  await waitFor(() => told.length > 0)
  expect(told[0]).toMatchObject({ state, loaded })
})
