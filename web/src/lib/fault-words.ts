/** What the server calls faults and errors, as people would. */
const WORDS: Record<string, string> = {
  // Also of one that refuses its key.
  unreachable: 'Image server cannot be used',
  busy: 'Busy',
  model_missing: 'Model missing',
  out_of_memory: 'Out of memory',
  crashed: 'Image server failed',
  bad_output: 'Unusable image',
  timeout: 'Took too long',
  hung: 'Image server hung',
  lease_lapsed: 'Machine not heard of in time',
  agent_lost: 'Connection to the machine lost',
  input_lost: 'Source image lost',
  upstream_error: 'Machine failed',
  // Of one that is busy, down, without the model, or whose owner's cap is reached.
  upstream_busy: 'No machine could begin',
  no_provider: 'No machine',
  bad_request: 'Refused as asked for',
  canceled: 'Canceled',
  content_rejected: 'Content refused',
  invalid_request: 'Refused as asked for',
  invalid_size: 'Size refused',
  insufficient_quota: 'Limit used up',
  internal_error: 'Fault of this server',
  database_unavailable: 'Database failed',
  storage_unavailable: 'Storage failed'
}

/** A code that has no words here, of a newer server perhaps, is spelled without its underlines. */
export function faultWords(code: string): string {
  const words = WORDS[code] ?? code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** What its machine said of a fault, which tells more; else our words for it. */
export const faultText = ({ reason, message }: { reason: string; message: string | null }): string =>
  message === null || message === '' ? `${faultWords(reason)}.` : message
