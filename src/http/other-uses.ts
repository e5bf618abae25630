/** Below `/v1`, what OpenAI's API (and Anthropic's, whose clients are pointed here, too) has for other things than images. */
const OTHER_USES = [
  'chat/completions',
  'completions',
  'responses',
  'messages',
  'embeddings',
  'moderations',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
  'realtime',
  'realtime/client_secrets',
  'realtime/sessions',
  'videos',
  'assistants',
  'threads',
  'conversations',
  'vector_stores',
  'fine_tuning/jobs',
  'evals',
  'containers',
  'uploads'
]

const WAYS_IN = ['/v1/v1/', '/v1/', '/openai/v1/', '/api/v1/', '/']

/** The path of such a use that a path is, or is one of its parts, with a base URL that is nearly right, too; else undefined. */
export function otherUseOf(path: string): string | undefined {
  const way = WAYS_IN.find((one) => path.startsWith(one))
  const rest = way === undefined ? '' : path.slice(way.length)
  const use = OTHER_USES.find((one) => rest === one || rest.startsWith(`${one}/`))
  return use === undefined ? undefined : `/v1/${use}`
}
