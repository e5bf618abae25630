import { describe, expect, it } from 'vitest'
import type { ModelInfo } from '../../../../src/http/dashboard/contract/requests.ts'
import { beginEdit } from './usual-model.ts'

const model = (id: string, supported_features: string[], providers = 1) =>
  ({ id, supported_features, providers, queued: 0 }) as unknown as ModelInfo
const PAINTS = model('paints', ['generate'], 5)
const EDITS = model('edits', ['generate', 'edit'])
const MASKS = model('masks', ['generate', 'edit', 'mask'])

describe('the model of an edit', () => {
  it.each([
    ['another, where the chosen one does not edit', [PAINTS, EDITS, MASKS], 'paints', 'masks'],
    ['another, where the usual one does not edit', [PAINTS, EDITS], '', 'edits'],
    ['the chosen one, which edits', [PAINTS, EDITS, MASKS], 'edits', undefined],
    ['the chosen one, of which nothing is known', [PAINTS, EDITS], 'asleep', undefined],
    ['the chosen one, where none edits', [PAINTS], 'paints', undefined]
  ])('is %s', (_what, models, chosen, expected) => {
    expect(beginEdit(chosen, models).model).toBe(expected)
  })
})
