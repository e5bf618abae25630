import { expect, it } from 'vitest'
import { isGptImageModel } from './model-names.ts'

it.each(['gpt-image-1', 'gpt-image-1-mini', 'chatgpt-image-latest', 'openai/gpt-image-1', 'a/b/GPT-Image-2'])(
  '%s is of the GPT Image family',
  (model) => expect(isGptImageModel(model)).toBe(true)
)

it.each(['dall-e-3', 'flux', 'my-gpt-image-1', 'gpt-image-1/flux', 'gpt-4o', ''])('%j is not', (model) =>
  expect(isGptImageModel(model)).toBe(false)
)
