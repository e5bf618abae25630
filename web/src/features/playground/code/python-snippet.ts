import { IMAGE_PATHS } from '../../../lib/image-paths.ts'
import { type CodeCall, type CodeFile, filesOf, formFields, jsonBody } from './code-call.ts'
import { pythonLiteral } from './literals.ts'

/** What the methods of the official client take by name; everything else goes into `extra_body`. */
const NAMED: Record<CodeCall['kind'], readonly string[]> = {
  generation: [
    'model',
    'prompt',
    'n',
    'size',
    'background',
    'moderation',
    'output_compression',
    'output_format',
    'quality',
    'response_format',
    'style',
    'user'
  ],
  edit: [
    'model',
    'prompt',
    'n',
    'size',
    'background',
    'input_fidelity',
    'output_compression',
    'output_format',
    'quality',
    'response_format',
    'user'
  ],
  variation: ['model', 'n', 'size', 'response_format', 'user']
}

const METHODS: Record<CodeCall['kind'], string> = {
  generation: 'client.images.generate',
  edit: 'client.images.edit',
  variation: 'client.images.create_variation'
}

const STEP = '    '

export function pythonSnippet(call: CodeCall): string {
  const byId = call.images.by === 'json'
  const isFetched = filesOf(call).some(({ url }) => url !== undefined)
  return [
    'import os',
    '',
    ...(isFetched ? ['import httpx'] : []),
    'from openai import OpenAI',
    ...(byId ? ['from openai.types import ImagesResponse'] : []),
    '',
    'client = OpenAI(',
    `${STEP}base_url=${pythonLiteral(call.baseUrl)},`,
    `${STEP}api_key=os.environ["INFERENCE_CLUB_API_KEY"],`,
    ')',
    ...(isFetched ? FETCH_LINES : []),
    '',
    `result = ${byId ? 'client.post' : METHODS[call.kind]}(`,
    ...(byId ? postArguments(call) : methodArguments(call)).map((argument) => `${STEP}${argument},`),
    ')',
    '',
    'for image in result.data:',
    `${STEP}print(image.url)`
  ].join('\n')
}

/** By the library that the official client brings and uses itself. */
const FETCH_LINES = [
  '',
  'def fetch_image(url):',
  `${STEP}response = httpx.get(url, headers={"Authorization": f"Bearer {client.api_key}"})`,
  `${STEP}return response.raise_for_status().content`
]

/** Images named by their ids are an addition of ours, for which the client has no method. */
const postArguments = (call: CodeCall): string[] => [
  pythonLiteral(IMAGE_PATHS[call.kind]),
  `body=${pythonLiteral(jsonBody(call), STEP)}`,
  'cast_to=ImagesResponse'
]

function methodArguments({ kind, fields, images }: CodeCall): string[] {
  const named = Object.entries(fields).filter(([name]) => NAMED[kind].includes(name))
  const others = Object.entries(fields).filter(([name]) => !NAMED[kind].includes(name))
  // The parts of a form are texts, whatever they mean.
  const extra = images.by === 'file' ? formFields(Object.fromEntries(others)) : others
  return [
    ...fileArguments(images),
    ...named.map(([name, value]) => `${name}=${pythonLiteral(value, STEP)}`),
    ...(extra.length === 0 ? [] : [`extra_body=${pythonLiteral(Object.fromEntries(extra), STEP)}`])
  ]
}

function fileArguments(images: CodeCall['images']): string[] {
  if (images.by !== 'file') return []
  const files = images.files.map(openFile)
  return [
    `image=${files.length === 1 ? files[0] : `[\n${files.map((file) => `${STEP}${STEP}${file},\n`).join('')}${STEP}]`}`,
    ...(images.mask === undefined ? [] : [`mask=${openFile(images.mask)}`])
  ]
}

const openFile = ({ name, url }: CodeFile): string =>
  url === undefined ? `open(${pythonLiteral(name)}, "rb")` : `fetch_image(${pythonLiteral(url)})`
