import { members, parseJson } from '../upstream-text.ts'

/**
 * What this product reads of OpenAI's image API, leniently, because its many imitators leave members out, set them
 * to null or add their own.
 * - https://platform.openai.com/docs/api-reference/images
 * - https://platform.openai.com/docs/api-reference/models/list
 * - https://platform.openai.com/docs/guides/error-codes
 * - https://github.com/leejet/stable-diffusion.cpp (examples/server), https://localai.io/features/image-generation/,
 *   https://docs.vllm.ai/projects/vllm-omni, https://docs.sglang.ai, https://github.com/LostRuins/koboldcpp
 */

/** Model ids of a `GET /v1/models` answer, be it of none; undefined when it is no list. */
export function parseModelIds(body: string): string[] | undefined {
  const { data } = members(parseJson(body))
  if (!Array.isArray(data)) return undefined
  return data.map((model) => nonEmpty(members(model).id)).filter((id) => id !== undefined)
}

const nonEmpty = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
