import type { RequestDetail, RequestKind } from '../../../../src/http/dashboard/contract/requests.ts'

const PATHS: Record<RequestKind, string> = {
  generation: '/v1/images/generations',
  edit: '/v1/images/edits',
  variation: '/v1/images/variations'
}

/** The call that makes the same images again: with the seed that was drawn, and the inputs that are stored. */
export function repeatCall(request: RequestDetail): { path: string; body: Record<string, unknown> } {
  const { kind, model, prompt, inputs, mask, parameters } = request
  const { n, size, ...others } = parameters
  return {
    path: PATHS[kind],
    body: {
      model,
      ...(prompt !== '' && { prompt }),
      ...(inputs.length > 0 && { images: inputs.map(({ id }) => ({ file_id: id })) }),
      ...(mask && { mask: { file_id: mask.id } }),
      ...(n !== 1 && { n }),
      ...(size !== 'auto' && { size }),
      ...drawnSeed(request),
      ...others
    }
  }
}

/** Image i was made with seed + i. */
function drawnSeed({ images: [first] }: RequestDetail): { seed?: number } {
  const seed = (first?.seed ?? -1) - (first?.position ?? 0)
  return seed >= 0 ? { seed } : {}
}

/** A command for a POSIX shell; the key comes from the environment. */
export function curlCommand({ path, body }: ReturnType<typeof repeatCall>, baseUrl: string): string {
  const json = JSON.stringify(body, null, 2)
  return [
    `curl ${baseUrl}${path}`,
    '-H "Authorization: Bearer $INFERENCE_CLUB_API_KEY"',
    "-H 'Content-Type: application/json'",
    `-d '${json.replaceAll("'", String.raw`'\''`)}'`
  ].join(' \\\n  ')
}
