import { expect, it } from 'vitest'
import { chooseModel } from './choose-model.ts'
import { readModels } from './gateway-answers.ts'

/** Models as `GET /v1/models` has them. */
const chosen = (data: { id: string; features?: string[]; waiting?: object }[], feature = 'generate') => {
  const listed = data.map(({ features = ['generate'], ...same }) => ({ ...same, supported_features: features }))
  return chooseModel(readModels({ data: listed }) ?? [], feature)
}
const waiting = { reason: 'unusable' }

it('takes demo where no model is named, else the first that can do it', () => {
  expect(chosen([{ id: 'a' }, { id: 'demo' }])).toBe('demo')
  expect(chosen([{ id: 'a' }, { id: 'demo', features: ['edit'] }])).toBe('a')
  expect(chosen([{ id: 'a' }, { id: 'b', features: ['edit'] }], 'edit')).toBe('b')
  expect(chosen([{ id: 'a' }], 'edit')).toBeUndefined()
  expect(chosen([])).toBeUndefined()
})

it('takes none that waits while another can be made', () => {
  expect(chosen([{ id: 'a', waiting }, { id: 'b' }, { id: 'demo', waiting }])).toBe('b')
  expect(chosen([{ id: 'a', waiting }, { id: 'demo' }])).toBe('demo')
  expect(
    chosen([
      { id: 'a', waiting },
      { id: 'demo', waiting }
    ])
  ).toBe('demo')
  expect(chosen([{ id: 'a', waiting }])).toBe('a')
})
