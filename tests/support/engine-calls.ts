import type { FakeRequest } from './fake-openai-server.ts'

/** Tells the images apart: each has a prompt of its own, those of one request a seed each. */
export const imageKey = (image: { prompt: string; seed: number }): string => `${image.prompt}#${image.seed}`

export function callKey({ json, form }: Pick<FakeRequest, 'json' | 'form'>): string {
  const fields = json ?? form?.fields
  return imageKey({ prompt: String(fields?.prompt), seed: Number(fields?.seed) })
}

export interface EngineCall {
  key: string
  /** It was answered with 500. */
  failed: boolean
}

/** Every image call the server has met. */
export async function listEngineCalls(engineUrl: string): Promise<EngineCall[]> {
  const requests = (await (await fetch(`${engineUrl}/__requests`)).json()) as (FakeRequest & { failed?: boolean })[]
  return requests
    .filter((request) => request.method === 'POST')
    .map((request) => ({ key: callKey(request), failed: request.failed === true }))
}
