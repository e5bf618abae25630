import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { describeEngineContract } from '../../../tests/contracts/engine-contract.ts'
import { QUICK, useComfyEngine } from '../../../tests/support/comfyui-engine.ts'
import { startFakeComfy } from '../../../tests/support/fake-comfyui-server.ts'
import { CHANGE_COLOUR, pixelAt } from '../../../tests/support/fake-openai-pictures.ts'
import type { TaskInput } from '../../images/image-request.ts'
import { encodeWhiteOnBlackPng } from '../../images/mask.ts'
import { createComfyEngine } from './comfyui-engine.ts'
import { loadWorkflow } from './own-workflow.ts'

const folder = mkdtempSync(join(tmpdir(), 'workflows-'))
afterAll(() => rmSync(folder, { recursive: true }))

const save = (content: unknown): string => {
  const file = `w${Math.random().toString(36).slice(2)}.json`
  writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content))
  return file
}
const node = (class_type: string, inputs: object, title?: string) => ({ class_type, inputs, _meta: { title } })

/** As the editor exports one that fills a hole in the first of two images. */
const GRAPH = {
  4: node('CheckpointLoaderSimple', { ckpt_name: 'sd15.safetensors' }),
  6: node('CLIPTextEncode', { text: 'what the owner tried', clip: ['4', 1] }, 'Positive'),
  7: node('CLIPTextEncode', { text: 'ugly', clip: ['4', 1] }, 'Negative'),
  10: node('LoadImage', { image: 'owner.png' }, 'Base'),
  11: node('LoadImage', { image: 'owner.png' }, 'Reference'),
  12: node('LoadImage', { image: 'owner.png' }, 'Mask'),
  13: node('ImageStitch', { image1: ['10', 0], image2: ['11', 0] }),
  14: node('VAEEncode', { pixels: ['13', 0], vae: ['4', 2] }),
  15: node('SetLatentNoiseMask', { samples: ['14', 0], mask: ['12', 1] }),
  3: node('KSampler', {
    ...{ model: ['4', 0], positive: ['6', 0], negative: ['7', 0], latent_image: ['15', 0] },
    ...{ seed: 1, steps: 20, cfg: 7, sampler_name: 'euler', scheduler: 'normal', denoise: 1 }
  }),
  8: node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
  9: node('SaveImage', { images: ['8', 0], filename_prefix: 'mine' }),
  16: node('PreviewImage', { images: ['13', 0] })
}
const EDIT_INPUTS = {
  ...{ prompt: 'Positive.text', image: '10.image', image2: 'Reference.image', mask: '12.image', steps: '3.steps' },
  ...{ caption: '7.text', detail: '3.cfg' }
}
/** One that makes pictures of words. */
const { 10: _ten, 11: _eleven, 12: _twelve, 13: _thirteen, 14: _fourteen, 15: _fifteen, 16: _sixteen, ...REST } = GRAPH
const PLAIN = {
  ...REST,
  5: node('EmptyLatentImage', { width: 512, height: 512, batch_size: 1 }),
  3: node('KSampler', { ...GRAPH[3].inputs, latent_image: ['5', 0] })
}
const PLAIN_INPUTS = { prompt: '6.text', width: '5.width', height: '5.height', steps: '3.steps' }

const load = (graph: unknown, inputs: Record<string, unknown>, output?: string) =>
  loadWorkflow({ file: save(graph), folder, inputs, output })

const SIZE = { width: 64, height: 48 }
const photo = (background: object) =>
  sharp({ create: { ...SIZE, channels: 3, background } })
    .png()
    .toBuffer()
const input = (name: string): TaskInput => ({ name, mediaType: 'image/png', ...SIZE })
const world = useComfyEngine()

describe('a workflow of the owner', () => {
  const models = (keep = {}) => [{ name: 'retouch', workflow: load(GRAPH, EDIT_INPUTS, '9'), ...keep }]
  const makeEdit = async (more = {}) => {
    const inputs = {
      image0: await photo({ r: 20, g: 60, b: 200 }),
      image1: await photo({ r: 200, g: 60, b: 20 }),
      mask: await encodeWhiteOnBlackPng({
        ...SIZE,
        pixels: Buffer.alloc(SIZE.width * SIZE.height).fill(255, 0, SIZE.width * 10)
      })
    }
    const task = {
      kind: 'edit',
      model: 'retouch',
      size: SIZE,
      unasked: ['size'],
      inputs: Object.keys(inputs).map(input)
    } as const
    return world.generate({ ...task, ...more }, { inputs })
  }

  it('gets what a call says, its images and its mask, and is left as it is else', async () => {
    await world.start({}, { models: models() })
    const made = await makeEdit({ extra: { caption: 'blurry', detail: 4, unknown: 1 }, negative_prompt: 'snow' })
    const graph = world.lastGraph()
    expect(graph[6]!.inputs.text).toBe('a fox')
    expect(graph[7]!.inputs.text).toBe('blurry')
    expect(graph[3]!.inputs).toMatchObject({ seed: 4_294_967_295, steps: 3, cfg: 4, sampler_name: 'euler' })
    expect(made.seed).toBe(4_294_967_295)
    // The mask is white at the top, so only that has changed; below lies the second image in the right half.
    expect(pixelAt(made.pixels, 30, 5)).toEqual([...CHANGE_COLOUR])
    expect(pixelAt(made.pixels, 10, 30)).toEqual([22, 62, 202])
    expect(pixelAt(made.pixels, 50, 30)).toEqual([202, 62, 22])
    expect(made.warnings.map((warning) => /'(\w+)'/.exec(warning)?.[1])).toEqual(['negative_prompt', 'unknown'])
  })

  it('is one of several of a service, each a model of its own', async () => {
    const plain = { name: 'plain', workflow: load(PLAIN, PLAIN_INPUTS) }
    await world.start({}, { models: [...models(), plain, { name: 'sd15', loras: new Map() }] })
    const { models: listed } = await world.engine.describe(new AbortController().signal)
    expect(listed).toEqual(expect.arrayContaining(['retouch', 'plain', 'sd15']))
    await makeEdit()
    expect(Object.values(world.lastGraph()).map((one) => one.class_type)).toContain('ImageStitch')
    expect((await world.generate({ model: 'plain' })).pixels).toMatchObject(SIZE)
    expect(world.lastGraph()[5]!.inputs).toMatchObject(SIZE)
    await world.generate({ model: 'sd15' })
    expect(world.lastGraph()[5]).toBeUndefined()
  })

  it('leaves nothing on the disk, and runs nothing but what leads to its picture', async () => {
    await world.start({}, { models: models() })
    await makeEdit()
    expect(world.lastGraph()[9]!.class_type).toBe('SaveImageWebsocket')
    expect([...world.server.savedFiles.keys()]).toEqual([])
  })

  it('saves as it does for its owner where that is wanted', async () => {
    await world.start({}, { models: models(), keepFiles: true })
    const [first, again] = [await makeEdit(), await makeEdit()]
    expect(world.lastGraph()[9]).toMatchObject({ class_type: 'SaveImage', inputs: { filename_prefix: 'mine' } })
    expect([...world.server.savedFiles.keys()].every((name) => name.startsWith('output/'))).toBe(true)
    expect(world.server.historyIds()).toHaveLength(2)
    expect(again.pixels.data.equals(first.pixels.data)).toBe(true)
  })

  it('takes extra fields of the kind of what they replace', async () => {
    await world.start({}, { models: models() })
    for (const extra of [{ caption: 5 }, { detail: 'much' }, { caption: ['4', 1] }, { caption: 'x'.repeat(20_001) }]) {
      await expect(makeEdit({ extra })).rejects.toMatchObject({ fault: 'bad_request', param: Object.keys(extra)[0] })
    }
    expect(world.engine.extras).toEqual(expect.arrayContaining(['caption', 'detail']))
  })

  it('without a place for an image is no work for a call that has one', async () => {
    await world.start({}, { models: [{ name: 'plain', workflow: load(PLAIN, PLAIN_INPUTS) }] })
    await expect(makeEdit({ model: 'plain' })).rejects.toMatchObject({ fault: 'crashed' })
  })

  it('loads its own LoRAs, and tells who names others', async () => {
    await world.start({}, { models: [{ name: 'plain', workflow: load(PLAIN, PLAIN_INPUTS) }] })
    const { warnings } = await world.generate({ model: 'plain', loras: [{ name: 'film', weight: 1 }] })
    expect(JSON.stringify(world.lastGraph())).not.toContain('film')
    expect(warnings).toContainEqual("'loras' was not used: the workflow of this model loads its own.")
  })

  it('keeps its own size, and tells who asked for another', async () => {
    const { width: _width, height: _height, ...inputs } = PLAIN_INPUTS
    await world.start({}, { models: [{ name: 'plain', workflow: load(PLAIN, inputs) }] })
    const made = await world.generate({ model: 'plain', steps: 1 })
    expect(made.pixels).toMatchObject({ width: 512, height: 512 })
    expect(made.warnings).toEqual([expect.stringContaining('512x512')])
  })

  it('of which nodes are missing is not offered', async () => {
    await world.start({ missingNodes: ['ImageStitch'] }, { models: models() })
    expect((await world.engine.describe(new AbortController().signal)).models).not.toContain('retouch')
    await expect(makeEdit()).rejects.toMatchObject({
      fault: 'model_missing',
      message: expect.stringContaining('ImageStitch')
    })
  })
})

describe('a file', () => {
  const wrong = (graph: unknown, inputs: Record<string, unknown> = {}, output?: string) => {
    expect.assertions(1)
    return expect(() => load(graph, inputs, output))
  }

  it.each([
    ['no JSON', 'nonsense', 'is no workflow'],
    ['a list', [], 'is no workflow'],
    ['another kind', { 1: { type: 'x' } }, 'is no workflow'],
    ['as the editor saves it', { nodes: [], links: [] }, 'export it with "Export (API)"'],
    ['that is large', ' '.repeat(4 * 1024 * 1024 + 1), 'larger than 4 MiB']
  ])('that is %s is refused', (_what, graph, words) => wrong(graph).toThrow(words))

  it('that is not there is refused, without its path', () => {
    const options = { file: 'none.json', folder, inputs: {}, output: undefined }
    expect(() => loadWorkflow(options)).toThrow("option 'workflow': the file cannot be read (ENOENT)")
  })

  it.each<[what: string, inputs: Record<string, unknown>, words: string]>([
    ['no node', { prompt: '99.text' }, "no node '99'"],
    ['no input', { prompt: '6.words' }, "has no input 'words'"],
    ['what comes from another node', { prompt: '6.clip' }, 'comes from another node'],
    ['half a place', { prompt: '6' }, 'must be <node>.<input>'],
    ['a number', { prompt: 6 }, 'must be <node>.<input> or a list'],
    ['an empty list', { prompt: [] }, 'must be <node>.<input> or a list'],
    ['a field that is none', { 'a b': '6.text' }, 'no name of a field'],
    ['size', { size: '5.width' }, 'use width and height']
  ])('has no place in %s', (_what, inputs, words) => wrong(PLAIN, inputs).toThrow(words))

  it('must say where its picture is when it could be several', () => wrong(GRAPH).toThrow('2 nodes of it'))
  it('must have the node that has its picture', () => wrong(GRAPH, {}, '99').toThrow("no node '99'"))

  it('gets the seed wherever it has one', () => {
    const two = { ...PLAIN, 20: node('RandomNoise', { noise_seed: 5 }), 21: node('Other', { seed: ['20', 0] }) }
    expect(load(two, {}).places.get('seed')).toEqual([
      { node: '3', input: 'seed' },
      { node: '20', input: 'noise_seed' }
    ])
  })

  it('may have its workflow in an object of its own', () => {
    expect(load({ prompt: PLAIN }, PLAIN_INPUTS).samplers).toEqual(['3'])
  })
})

describeEngineContract('comfyui, a workflow', {
  features: ['generate', 'seed', 'preview'],
  task: { model: 'plain' },
  makeEngine: async () => {
    const server = await startFakeComfy()
    const models = [{ name: 'plain', loras: new Map<string, string>(), workflow: load(PLAIN, PLAIN_INPUTS) }]
    const engine = createComfyEngine({ baseUrl: server.url, maxImageBytes: 10_000_000, models, times: QUICK })
    return { engine, close: () => server.close() }
  }
})
