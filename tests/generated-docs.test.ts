import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../src/config/config.ts'
import { fillBlock, GENERATED_DOCS } from '../scripts/write-generated-docs.ts'

describe('a generated document', () => {
  it.each(GENERATED_DOCS.map((document) => ({ name: basename(document.file.pathname), ...document })))(
    'is what the code says, or `npm run docs` is due: $name',
    async ({ file, render }) => {
      const written = await readFile(file, 'utf8')
      expect(render(written)).toBe(written)
    }
  )
})

it('takes the place of its block alone, and needs one', () => {
  const around = (text: string) =>
    `before\n\n<!-- Generated from the settings: x -->\n\n${text}\n<!-- End of what is generated. -->\n\nafter\n`
  expect(fillBlock(around('old\n'), '$& new\n')).toBe(around('$& new\n'))
  expect(() => fillBlock('nothing', 'new')).toThrow('no block')
})

it('the page of security names every limit with its variable', async () => {
  const page = await readFile(new URL('../docs/security.md', import.meta.url), 'utf8')
  const limits = SETTINGS.map(({ variable }) => variable).filter((name) =>
    /_(LIMITS_|RATE_LIMIT|NEW_PROVIDER_)/.test(name)
  )
  expect(limits.length).toBeGreaterThan(30)
  for (const name of limits) expect(page).toContain(`| \`${name}\` |`)
})
