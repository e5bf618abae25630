import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * As much of curl as the documentation uses, for machines that have none: `-H`, `-d`, `-F name=value`,
 * `-F name=@file`, `-o file` and `-s`.
 */
async function curl(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      header: { type: 'string', short: 'H', multiple: true, default: [] },
      data: { type: 'string', short: 'd' },
      form: { type: 'string', short: 'F', multiple: true },
      output: { type: 'string', short: 'o' },
      silent: { type: 'boolean', short: 's' }
    }
  })
  const body = values.form ? await readForm(values.form) : values.data
  const response = await fetch(positionals[0] ?? '', {
    headers: values.header
      .map((line) => splitAt(line, ':'))
      .map(([name, value]): [string, string] => [name, value.trim()]),
    ...(body !== undefined && { method: 'POST', body })
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  if (values.output === undefined) process.stdout.write(bytes)
  else await writeFile(values.output, bytes)
}

async function readForm(parts: readonly string[]): Promise<FormData> {
  const form = new FormData()
  for (const [name, value] of parts.map((part) => splitAt(part, '='))) {
    if (value.startsWith('@')) form.append(name, await openAsBlob(value.slice(1)), basename(value))
    else form.append(name, value)
  }
  return form
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return [text.slice(0, at), text.slice(at + 1)]
}

await curl(process.argv.slice(2))
