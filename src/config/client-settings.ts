/** Where commands that call a gateway find it. */
export const loadClientSettings = (
  env: NodeJS.ProcessEnv = process.env
): { url: string; isUrlSet: boolean; apiKey: string | undefined } => ({
  url: env.INFERENCE_CLUB_URL?.trim() || 'http://127.0.0.1:8080',
  isUrlSet: (env.INFERENCE_CLUB_URL?.trim() ?? '') !== '',
  apiKey: env.INFERENCE_CLUB_API_KEY?.trim() || undefined
})
