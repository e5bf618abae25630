import { type CodeCall, type CodeFiles, formFields, jsonBody, PATHS } from './code-call.ts'
import { shellWord } from './literals.ts'

const AUTHORIZATION = '-H "Authorization: Bearer $INFERENCE_CLUB_API_KEY"'

export function curlSnippet(call: CodeCall): string {
  const { images } = call
  const rest =
    images.by === 'file'
      ? formArguments(call, images)
      : [`-H 'Content-Type: application/json'`, `-d ${shellWord(JSON.stringify(jsonBody(call), null, 2))}`]
  return [`curl ${shellWord(call.baseUrl + PATHS[call.kind])}`, AUTHORIZATION, ...rest].join(' \\\n  ')
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
