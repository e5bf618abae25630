import { readFile, writeFile } from 'node:fs/promises'
import { BOUNDS, renderConfigurationDoc, renderConfigurationTable } from '../src/config/render-configuration.ts'

/** Between these lines, whoever wrote the rest, a document holds what the code says. */
const BLOCK = /(?<=<!-- Generated from the settings: [^>]*-->\n\n)[^]*(?=\n<!-- End of what is generated\. -->)/

/** Every document that is made from the code, wholly or in a block; a test compares them with what is written. */
export const GENERATED_DOCS: readonly { file: URL; render: (written: string) => string }[] = [
  { file: new URL('../docs/configuration.md', import.meta.url), render: renderConfigurationDoc },
  {
    file: new URL('../docs/security.md', import.meta.url),
    render: (written) => fillBlock(written, renderConfigurationTable(BOUNDS))
  }
]

/** Throws when the document has no such block. */
export function fillBlock(written: string, text: string): string {
  if (!BLOCK.test(written)) throw new Error('The document has no block for what is generated.')
  return written.replace(BLOCK, () => text)
}

async function writeGeneratedDocs(): Promise<void> {
  for (const { file, render } of GENERATED_DOCS) await writeFile(file, render(await readFile(file, 'utf8')))
}

if (import.meta.main) await writeGeneratedDocs()
