import { expect, it } from 'vitest'
import type { ImageTask } from './image-request.ts'
import { varyByEdit } from './vary-by-edit.ts'

const variation = (change: Partial<ImageTask>): ImageTask => ({
  kind: 'variation',
  model: 'm',
  prompt: '',
  seed: 1,
  inputs: [],
  extra: {},
  ...change
})

it('is an edit of half the image with a prompt of its own, and says so', () => {
  const { task, warning } = varyByEdit(variation({ unasked: ['size'] }))
  expect(task).toMatchObject({ kind: 'edit', prompt: 'A variation of this image', strength: 0.5 })
  expect(task.unasked).toEqual(['size', 'strength'])
  expect(warning).toContain('image-to-image')
})

it("keeps the caller's prompt and strength, which are no less asked for", () => {
  const { task } = varyByEdit(variation({ prompt: 'a fox', strength: 0.2 }))
  expect(task).toMatchObject({ kind: 'edit', prompt: 'a fox', strength: 0.2, unasked: [] })
})
