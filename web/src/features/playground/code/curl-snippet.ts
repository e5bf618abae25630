import { curlCommand, jsonArguments, shellWord } from '../../../lib/curl-command.ts'
import { IMAGE_PATHS } from '../../../lib/image-paths.ts'
import { type CodeCall, type CodeFiles, formFields, jsonBody } from './code-call.ts'

export function curlSnippet(call: CodeCall): string {
  const { images } = call
  const rest = images.by === 'file' ? formArguments(call, images) : jsonArguments(jsonBody(call))
  return curlCommand(call.baseUrl + IMAGE_PATHS[call.kind], rest)
}

/** `--form-string`, because `-F` gives a meaning to texts that begin with @ or <. */
const formArguments = ({ fields }: CodeCall, { names, mask }: CodeFiles): string[] => [
  ...names.map((name) => fileArgument(names.length > 1 ? 'image[]' : 'image', name)),
  ...(mask === undefined ? [] : [fileArgument('mask', mask)]),
  ...formFields(fields).map(([name, text]) => `--form-string ${shellWord(`${name}=${text}`)}`)
]

/** Within double quotes curl takes commas and semicolons of a file name as they are. */
const fileArgument = (field: string, name: string): string =>
  `-F ${shellWord(`${field}=@"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`)}`
