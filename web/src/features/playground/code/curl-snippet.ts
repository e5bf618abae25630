import { curlCommand, jsonArguments, longJsonArguments, shellWord } from '../../../lib/curl-command.ts'
import { IMAGE_PATHS } from '../../../lib/image-paths.ts'
import { type CodeCall, type CodeFile, type CodeFiles, filesOf, formFields, jsonBody } from './code-call.ts'

export function curlSnippet(call: CodeCall): string {
  const url = call.baseUrl + IMAGE_PATHS[call.kind]
  const { images } = call
  if (images.by === 'file') {
    return [...filesOf(call).flatMap(fetchCommand), curlCommand(url, formArguments(call, images))].join('\n')
  }
  const isLong = images.by === 'json' && images.mask !== undefined && 'image_url' in images.mask
  return curlCommand(url, isLong ? longJsonArguments(jsonBody(call)) : jsonArguments(jsonBody(call)))
}

const fetchCommand = ({ name, url }: CodeFile): string[] =>
  url === undefined ? [] : [curlCommand(url, [`-f -o ${shellWord(name)}`])]

/** `--form-string`, because `-F` gives a meaning to texts that begin with @ or <. */
const formArguments = ({ fields }: CodeCall, { files, mask }: CodeFiles): string[] => [
  ...files.map((file) => fileArgument(files.length > 1 ? 'image[]' : 'image', file)),
  ...(mask === undefined ? [] : [fileArgument('mask', mask)]),
  ...formFields(fields).map(([name, text]) => `--form-string ${shellWord(`${name}=${text}`)}`)
]

/** Within double quotes curl takes commas and semicolons of a file name as they are. */
const fileArgument = (field: string, { name }: CodeFile): string =>
  `-F ${shellWord(`${field}=@"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`)}`
