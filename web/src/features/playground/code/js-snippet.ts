import { IMAGE_PATHS } from '../../../lib/image-paths.ts'
import { type CodeCall, type CodeFile, type CodeFiles, filesOf, jsonBody } from './code-call.ts'
import { jsLiteral, jsName } from './literals.ts'

const METHODS: Record<CodeCall['kind'], string> = {
  generation: 'client.images.generate',
  edit: 'client.images.edit',
  variation: 'client.images.createVariation'
}

const STEP = '  '

export function jsSnippet(call: CodeCall): string {
  const files = filesOf(call)
  return [
    ...(files.some(({ url }) => url === undefined) ? ['import { createReadStream } from "node:fs";'] : []),
    'import OpenAI from "openai";',
    '',
    'const client = new OpenAI({',
    `${STEP}baseURL: ${jsLiteral(call.baseUrl)},`,
    `${STEP}apiKey: process.env.INFERENCE_CLUB_API_KEY,`,
    '});',
    ...(files.some(({ url }) => url !== undefined) ? FETCH_LINES : []),
    '',
    ...callLines(call),
    '',
    'for (const image of result.data) {',
    `${STEP}console.log(image.url);`,
    '}'
  ].join('\n')
}

/** A stored image goes to another server's form as the answer it came in. */
const FETCH_LINES = [
  '',
  'const fetchImage = (url) =>',
  `${STEP}fetch(url, { headers: { Authorization: \`Bearer \${client.apiKey}\` } });`
]

/** Images named by their ids are an addition of ours, for which the client has no method. */
function callLines(call: CodeCall): string[] {
  if (call.images.by === 'json') {
    return [
      `const result = await client.post(${jsLiteral(IMAGE_PATHS[call.kind])}, {`,
      `${STEP}body: ${jsLiteral(jsonBody(call), STEP)},`,
      '});'
    ]
  }
  return [
    `const result = await ${METHODS[call.kind]}({`,
    ...fileMembers(call.images).map((member) => `${STEP}${member},`),
    ...Object.entries(formValues(call)).map(([name, value]) => `${STEP}${jsName(name)}: ${jsLiteral(value, STEP)},`),
    '});'
  ]
}

/** In a form what is nested goes as JSON, and there is no null. */
function formValues({ fields, images }: CodeCall): Record<string, unknown> {
  if (images.by !== 'file') return fields
  const values = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(
    values.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value])
  )
}

function fileMembers(images: CodeCall['images']): string[] {
  if (images.by !== 'file') return []
  return [`image: ${imageValue(images)}`, ...(images.mask === undefined ? [] : [`mask: ${openFile(images.mask)}`])]
}

function imageValue({ files }: CodeFiles): string {
  const opened = files.map(openFile)
  if (opened.length === 1) return String(opened[0])
  return `[\n${opened.map((file) => `${STEP}${STEP}${file},\n`).join('')}${STEP}]`
}

const openFile = ({ name, url }: CodeFile): string =>
  url === undefined ? `createReadStream(${jsLiteral(name)})` : `await fetchImage(${jsLiteral(url)})`
