import { readFile, writeFile } from 'node:fs/promises'
import { ENGINES } from '../src/engines/engine-descriptions.ts'
import type { EngineDescription } from '../src/engines/engine-description.ts'
import { BOUNDS, renderConfigurationDoc, renderConfigurationTable } from '../src/config/render-configuration.ts'

/** Between these lines, whoever wrote the rest, a document holds what the code says. */
const BLOCK = /(?<=<!-- Generated from the [a-z ]+: [^>]*-->\n\n)[^]*(?=\n<!-- End of what is generated\. -->)/

/** Every document that is made from the code, wholly or in a block; a test compares them with what is written. */
export const GENERATED_DOCS: readonly { file: URL; render: (written: string) => string }[] = [
  { file: new URL('../docs/configuration.md', import.meta.url), render: renderConfigurationDoc },
  {
    file: new URL('../docs/security.md', import.meta.url),
    render: (written) => fillBlock(written, renderConfigurationTable(BOUNDS))
  },
  {
    file: new URL('../docs/agent.md', import.meta.url),
    render: (written) => fillBlock(written, renderEnginesTable(ENGINES))
  }
]

function renderEnginesTable(engines: readonly EngineDescription[]): string {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ') || 'none'
  const rows = engines.map((engine) => {
    const { name, title, detail, takes, options, features, usualUrls, document } = engine
    const about = document.startsWith('agent.md') ? `${title}: ${detail}` : `[${title}](${document}): ${detail}`
    const cells = [
      code([name]),
      about,
      code(usualUrls),
      code(takes),
      code(options.map((one) => one.name)),
      code(features)
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [
    '| `engine` | What it drives | Usual addresses | Keys | Options | Features |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    ''
  ].join('\n')
}

/** Throws when the document has no such block. */
export function fillBlock(written: string, text: string): string {
  if (!BLOCK.test(written)) throw new Error('The document has no block for what is generated.')
  return written.replace(BLOCK, () => text)
}

async function writeGeneratedDocs(): Promise<void> {
  for (const { file, render } of GENERATED_DOCS) await writeFile(file, render(await readFile(file, 'utf8')))
}

if (import.meta.main) await writeGeneratedDocs()
