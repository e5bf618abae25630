import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GENERATED_DOCS } from '../scripts/write-generated-docs.ts'

describe('a generated document', () => {
  it.each(GENERATED_DOCS.map((document) => ({ name: basename(document.file.pathname), ...document })))(
    'is what the code says, or `npm run docs` is due: $name',
    async ({ file, render }) => {
      expect(await readFile(file, 'utf8')).toBe(render())
    }
  )
})
