import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderConfigurationDoc } from '../src/config/render-configuration.ts'

/** Every document that is made from the code; a test compares them with what is written. */
export const GENERATED_DOCS: readonly { file: URL; render: () => string }[] = [
  { file: new URL('../docs/configuration.md', import.meta.url), render: renderConfigurationDoc }
]

async function writeGeneratedDocs(): Promise<void> {
  for (const { file, render } of GENERATED_DOCS) {
    await mkdir(dirname(fileURLToPath(file)), { recursive: true })
    await writeFile(file, render())
  }
}

if (import.meta.main) await writeGeneratedDocs()
