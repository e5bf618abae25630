/** What the server calls faults and errors, as people would. */
const WORDS: Record<string, string> = {
  unreachable: 'Unreachable',
  busy: 'Busy',
  model_missing: 'Model missing',
  out_of_memory: 'Out of memory',
  crashed: 'Crashed',
  bad_output: 'Unusable image',
  timeout: 'Took too long',
  upstream_error: 'Machine failed',
  upstream_busy: 'Machine busy',
  no_provider: 'No machine',
  content_rejected: 'Content refused',
  invalid_request: 'Not possible so',
  storage_unavailable: 'Storage failed'
}

/** A code that has no words here, of a newer server perhaps, is spelled without its underlines. */
export function faultWords(code: string): string {
  const words = WORDS[code] ?? code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
