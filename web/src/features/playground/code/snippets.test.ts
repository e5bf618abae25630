import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type CodeCall, codeCall } from './code-call.ts'
import { fromAsset, maskFromAsset, type SourceImage } from '../sources/source-image.ts'
import { curlSnippet } from './curl-snippet.ts'
import { jsSnippet } from './js-snippet.ts'
import { pythonSnippet } from './python-snippet.ts'

/** Everything that a shell, curl, Python or JavaScript could mistake for its own. */
const NASTY = `it's "quoted" \\n $HOME \`id\` !! @file <in; a=b & 100% {x}\nsecond line\t🦊 é \u2028 end\\`

/** Longer than a word of a command line on Linux may be. */
const MASK = `data:image/png;base64,${'A'.repeat(200_000)}`

const generation: CodeCall = {
  kind: 'generation',
  fields: { model: 'demo', prompt: NASTY, n: 2, size: '1024x1024', seed: 7, deep: { "o'k": [true, null, 1.5, {}] } },
  images: { by: 'none' },
  baseUrl: 'http://localhost:8080/v1'
}
const files: CodeCall = {
  ...generation,
  kind: 'edit',
  images: { by: 'file', files: [{ name: `my "fox"; it's,1.png` }, { name: 'b\\c.jpg' }], mask: { name: 'mask.png' } }
}
const url = (id: string) => `http://localhost:8080/api/inference/assets/${id}/`
/** One image of the reader beside stored ones: a form, for which those are fetched. */
const mixed: CodeCall = {
  ...generation,
  kind: 'edit',
  fields: { model: 'demo', prompt: 'a fox' },
  images: {
    by: 'file',
    files: [{ name: 'ast_1.png', url: url('ast_1') }, { name: 'b.png' }],
    mask: { name: 'mask.png', url: url('ast_3') }
  }
}
const stored: CodeCall = {
  ...generation,
  kind: 'edit',
  images: { by: 'json', images: [{ file_id: 'ast_1' }, { file_id: 'ast_2' }], mask: { file_id: 'ast_3' } }
}
const painted: CodeCall = {
  ...stored,
  images: { by: 'json', images: [{ file_id: 'ast_1' }], mask: { image_url: MASK } }
}
const variation: CodeCall = {
  ...generation,
  kind: 'variation',
  fields: { model: 'demo', n: 2, strength: 0.4 },
  images: { by: 'file', files: [{ name: 'a.png' }] }
}
const storedBody = {
  ...generation.fields,
  images: [{ file_id: 'ast_1' }, { file_id: 'ast_2' }],
  mask: { file_id: 'ast_3' }
}
const deepText = JSON.stringify(generation.fields.deep)

/** What a shell makes of a snippet: the arguments that curl gets. */
function curlArguments(call: CodeCall, curl = `printf '%s\\0' "$@"`): string[] {
  const script = `curl() { ${curl}; }\n${curlSnippet(call)}`
  const { stdout, stderr } = spawnSync('sh', {
    input: script,
    env: { INFERENCE_CLUB_API_KEY: 'ic_test' },
    encoding: 'utf8'
  })
  expect(stderr).toBe('')
  return stdout.split('\0').slice(0, -1)
}

describe('curlSnippet', () => {
  it('sends a generation as JSON', () => {
    const [url, ...rest] = curlArguments(generation)
    expect(url).toBe('http://localhost:8080/v1/images/generations')
    expect(rest.slice(0, 4)).toEqual(['-H', 'Authorization: Bearer ic_test', '-H', 'Content-Type: application/json'])
    expect(rest[4]).toBe('-d')
    expect(JSON.parse(rest[5] ?? '')).toEqual(generation.fields)
  })

  it('sends files as a form, with texts that nothing is read into', () => {
    const [url, , , ...rest] = curlArguments(files)
    expect(url).toBe('http://localhost:8080/v1/images/edits')
    expect(rest).toEqual([
      ...['-F', String.raw`image[]=@"my \"fox\"; it's,1.png"`],
      ...['-F', String.raw`image[]=@"b\\c.jpg"`],
      ...['-F', 'mask=@"mask.png"'],
      ...['--form-string', 'model=demo'],
      ...['--form-string', `prompt=${NASTY}`],
      ...['--form-string', 'n=2'],
      ...['--form-string', 'size=1024x1024'],
      ...['--form-string', 'seed=7'],
      ...['--form-string', `deep=${deepText}`]
    ])
  })

  it('names stored images by their ids', () => {
    expect(JSON.parse(curlArguments(stored)[6] ?? '')).toEqual(storedBody)
  })

  it('sends a mask that was painted, of any length', () => {
    expect(curlArguments(painted).slice(-2)).toEqual(['-d', '@-'])
    const [body = ''] = curlArguments(painted, `cat; printf '\\0'`)
    expect(JSON.parse(body)).toEqual({ ...storedBody, images: [{ file_id: 'ast_1' }], mask: { image_url: MASK } })
  })

  it('fetches what is stored before it is sent along with a file', () => {
    const auth = ['-H', 'Authorization: Bearer ic_test']
    expect(curlArguments(mixed)).toEqual([
      ...[url('ast_1'), ...auth, '-f', '-o', 'ast_1.png'],
      ...[url('ast_3'), ...auth, '-f', '-o', 'mask.png'],
      ...['http://localhost:8080/v1/images/edits', ...auth],
      ...['-F', 'image[]=@"ast_1.png"', '-F', 'image[]=@"b.png"', '-F', 'mask=@"mask.png"'],
      ...['--form-string', 'model=demo', '--form-string', 'prompt=a fox']
    ])
  })
})

interface Recorded {
  method: string
  options: Record<string, unknown>
  args: unknown[]
}

/** Runs a snippet with a client that only notes how it is called. */
async function runJs(call: CodeCall): Promise<Recorded> {
  let recorded: Recorded | undefined
  class OpenAI {
    readonly options: Record<string, unknown>
    readonly apiKey = 'ic_test'
    readonly images: Record<string, (...args: unknown[]) => object>
    constructor(options: Record<string, unknown>) {
      this.options = options
      this.images = Object.fromEntries(
        ['generate', 'edit', 'createVariation'].map((name) => [name, (...args) => this.note(name, args)])
      )
    }
    post(...args: unknown[]) {
      return this.note('post', args)
    }
    note(method: string, args: unknown[]) {
      recorded = { method, options: this.options, args }
      return { data: [] }
    }
  }
  const body = jsSnippet(call).replaceAll(/^import .*$/gm, '')
  const run = new Function('OpenAI', 'createReadStream', 'process', 'fetch', `return (async () => {${body}})()`) as (
    ...args: unknown[]
  ) => Promise<void>
  await run(
    OpenAI,
    (name: string) => `<${name}>`,
    { env: { INFERENCE_CLUB_API_KEY: 'ic_test' } },
    (...args: unknown[]) => Promise.resolve(args)
  )
  if (!recorded) throw new Error('the snippet called nothing')
  return recorded
}

describe('jsSnippet', () => {
  it('calls the client with every field', async () => {
    const { method, options, args } = await runJs(generation)
    expect(method).toBe('generate')
    expect(options).toEqual({ baseURL: 'http://localhost:8080/v1', apiKey: 'ic_test' })
    expect(args).toEqual([generation.fields])
  })

  it('opens files, and sends nested fields of a form as JSON', async () => {
    const { method, args } = await runJs(files)
    expect(method).toBe('edit')
    expect(args).toEqual([
      {
        ...generation.fields,
        deep: deepText,
        image: [`<my "fox"; it's,1.png>`, '<b\\c.jpg>'],
        mask: '<mask.png>'
      }
    ])
    expect(await runJs(variation)).toMatchObject({
      method: 'createVariation',
      args: [{ ...variation.fields, image: '<a.png>' }]
    })
  })

  it('posts the JSON of a call with stored images', async () => {
    expect(await runJs(stored)).toMatchObject({ method: 'post', args: ['/images/edits', { body: storedBody }] })
    expect(await runJs(painted)).toMatchObject({ args: ['/images/edits', { body: { mask: { image_url: MASK } } }] })
  })

  it('fetches what is stored before it is sent along with a file', async () => {
    const fetched = (id: string) => [url(id), { headers: { Authorization: 'Bearer ic_test' } }]
    const images = { image: [fetched('ast_1'), '<b.png>'], mask: fetched('ast_3') }
    expect((await runJs(mixed)).args).toEqual([{ ...mixed.fields, ...images }])
  })

  it('imports what it uses', () => {
    expect(jsSnippet(generation)).toMatch(/^import OpenAI from "openai";\n/)
    expect(jsSnippet(files)).toMatch(/^import \{ createReadStream \} from "node:fs";\nimport OpenAI from "openai";\n/)
  })
})

/** A stand-in for the client that prints how it is called. */
const PYTHON_STUB = `
import json, os, sys, types
os.environ["INFERENCE_CLUB_API_KEY"] = "ic_test"
def open(name, mode): return f"<{name}>"
def note(method):
    def call(*args, **kwargs):
        print(json.dumps([method, list(args), kwargs], default=str))
        return types.SimpleNamespace(data=[])
    return call
class OpenAI:
    def __init__(self, **options):
        self.images = types.SimpleNamespace(**{name: note(name) for name in ("generate", "edit", "create_variation")})
        self.post = note("post")
        self.api_key = options["api_key"]
httpx = types.ModuleType("httpx")
def fetched(url, headers):
    answer = types.SimpleNamespace(content=f"<{url} {headers['Authorization']}>")
    answer.raise_for_status = lambda: answer
    return answer
httpx.get = fetched
sys.modules["httpx"] = httpx
openai = types.ModuleType("openai")
openai.OpenAI = OpenAI
openai.types = types.ModuleType("openai.types")
openai.types.ImagesResponse = "ImagesResponse"
sys.modules["openai"], sys.modules["openai.types"] = openai, openai.types
`

function runPython(call: CodeCall): [string, unknown[], Record<string, unknown>] {
  const { stdout, stderr } = spawnSync('python3', ['-'], {
    input: `${PYTHON_STUB}\n${pythonSnippet(call)}`,
    encoding: 'utf8'
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as [string, unknown[], Record<string, unknown>]
}

describe.skipIf(spawnSync('python3', ['--version']).status !== 0)('pythonSnippet, run', () => {
  const { seed, deep, ...named } = generation.fields

  it('puts what the client does not know into extra_body', () => {
    expect(runPython(generation)).toEqual(['generate', [], { ...named, extra_body: { seed, deep } }])
    expect(runPython({ ...generation, fields: { model: 'demo', prompt: 'a' } })[2]).toEqual({
      model: 'demo',
      prompt: 'a'
    })
  })

  it('opens files, and sends the texts of a form', () => {
    const expected = {
      ...named,
      image: [`<my "fox"; it's,1.png>`, '<b\\c.jpg>'],
      mask: '<mask.png>',
      extra_body: { seed: '7', deep: deepText }
    }
    expect(runPython(files)).toEqual(['edit', [], expected])
    expect(runPython(variation)[2]).toEqual({ model: 'demo', n: 2, image: '<a.png>', extra_body: { strength: '0.4' } })
  })

  it('posts the JSON of a call with stored images', () => {
    expect(runPython(stored)).toEqual(['post', ['/images/edits'], { body: storedBody, cast_to: 'ImagesResponse' }])
    expect(runPython(painted)[2]).toMatchObject({ body: { mask: { image_url: MASK } } })
  })

  it('fetches what is stored before it is sent along with a file', () => {
    const fetched = (id: string) => `<${url(id)} Bearer ic_test>`
    const images = { image: [fetched('ast_1'), '<b.png>'], mask: fetched('ast_3') }
    expect(runPython(mixed)[2]).toEqual({ ...mixed.fields, ...images })
  })
})

describe('pythonSnippet', () => {
  it('reads like the documentation of the client', () => {
    const fields = { model: 'demo', prompt: 'a fox', n: 2, seed: 7, hires: true }
    expect(pythonSnippet({ ...generation, fields })).toBe(
      `import os

from openai import OpenAI

client = OpenAI(
    base_url="http://localhost:8080/v1",
    api_key=os.environ["INFERENCE_CLUB_API_KEY"],
)

result = client.images.generate(
    model="demo",
    prompt="a fox",
    n=2,
    extra_body={"seed": 7, "hires": True},
)

for image in result.data:
    print(image.url)`
    )
  })
})

describe('codeCall', () => {
  const mask = { url: 'blob:mask', operations: [], origin: { file: new File([], 'mask.png') } }
  const asset = { ...fromAsset({ id: 'ast_1', width: 8, height: 8 }) }
  const file = { ...asset, url: 'blob:file', name: 'image.png', origin: { file: new File([], 'image.png') } }
  const imagesOf = (...sources: SourceImage[]) =>
    codeCall(
      { kind: 'edit', fields: { model: 'demo', prompt: 'a' }, sources },
      { origin: 'http://c', paintedMask: MASK }
    ).images

  it('needs no file of the reader for stored images, whoever painted their mask', () => {
    const images = [{ file_id: 'ast_1' }]
    expect(imagesOf(asset)).toEqual({ by: 'json', images })
    expect(imagesOf({ ...asset, mask: maskFromAsset('ast_2') })).toMatchObject({ images, mask: { file_id: 'ast_2' } })
    expect(imagesOf({ ...asset, mask })).toEqual({ by: 'json', images, mask: { image_url: MASK } })
  })

  it('tells where files come from, and gives each a name of its own', () => {
    expect(imagesOf({ ...file, mask }, file, asset)).toEqual({
      by: 'file',
      files: [
        { name: 'image.png', localUrl: 'blob:file' },
        { name: '2-image.png', localUrl: 'blob:file' },
        { name: 'ast_1.png', url: 'http://c/api/inference/assets/ast_1/' }
      ],
      mask: { name: 'mask.png', localUrl: 'blob:mask' }
    })
  })
})
