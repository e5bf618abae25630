import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { ERROR_MEANINGS } from './error-meanings.ts'

const OF_THE_DASHBOARD = ['not_signed_in', 'invitation_invalid', 'invitation_other_email']
/** Of an image's range, which is thrown beside its route. */
const ELSEWHERE = ['invalid_request 416']

it('every error of the catalogue is explained with each status it has, and no other', async () => {
  const catalogue = await readFile(new URL('./errors.ts', import.meta.url), 'utf8')
  const thrown = new Set(ELSEWHERE)
  for (const [, code = '', status = ''] of catalogue.matchAll(/\bmake\(\s*'(\w+)',\s*(\d{3})/g)) {
    if (!OF_THE_DASHBOARD.includes(code)) thrown.add(`${code} ${status}`)
  }
  for (const [, code = '', status = ''] of catalogue.matchAll(/^ {2}(\w+): (\d{3}),?$/gm))
    thrown.add(`${code} ${status}`)
  const explained = Object.entries(ERROR_MEANINGS).flatMap(([code, { statuses }]) =>
    statuses.map((status) => `${code} ${status}`)
  )
  expect(explained.sort()).toEqual([...thrown].sort())
})

it('no meaning would break the table of the reference', () => {
  for (const { meaning } of Object.values(ERROR_MEANINGS)) expect(meaning).toMatch(/^[^|\n]{10,}\.$/)
})
