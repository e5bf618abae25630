import { expect, it } from 'vitest'
import { modelsOf } from './usable.ts'

const idsOf = (names: string[]) =>
  modelsOf({ server: 'x', models: names.map((servedAs) => ({ servedAs })) }).map(({ servedAs }) => servedAs)

it('of what a server lists so many models are taken, and of names so many characters', () => {
  const names = Array.from({ length: 501 }, (_, index) => `m${index}`)
  expect(idsOf(names)).toEqual(names.slice(0, 500))
  expect(idsOf(['x'.repeat(1000), 'y'.repeat(1001), ' ', 'a\u202eb', 'z'])).toEqual(['x'.repeat(1000), 'z'])
})
