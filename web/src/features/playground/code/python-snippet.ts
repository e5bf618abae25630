import { IMAGE_PATHS } from '../../../lib/image-paths.ts'
import { type CodeCall, formFields, jsonBody } from './code-call.ts'
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
  const byId = call.images.by === 'id'
  return [
    'import os',
    '',
    'from openai import OpenAI',
    ...(byId ? ['from openai.types import ImagesResponse'] : []),
    '',
    'client = OpenAI(',
    `${STEP}base_url=${pythonLiteral(call.baseUrl)},`,
    `${STEP}api_key=os.environ["INFERENCE_CLUB_API_KEY"],`,
    ')',
    '',
    `result = ${byId ? 'client.post' : METHODS[call.kind]}(`,
    ...(byId ? postArguments(call) : methodArguments(call)).map((argument) => `${STEP}${argument},`),
    ')',
    '',
    'for image in result.data:',
    `${STEP}print(image.url)`
  ].join('\n')
}

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
  const files = images.names.map(openFile)
  return [
    `image=${files.length === 1 ? files[0] : `[\n${files.map((file) => `${STEP}${STEP}${file},\n`).join('')}${STEP}]`}`,
    ...(images.mask === undefined ? [] : [`mask=${openFile(images.mask)}`])
  ]
}

const openFile = (name: string): string => `open(${pythonLiteral(name)}, "rb")`
