/**
 * Whether a proxy says by this status of HTTP that the server behind it is away, those from 520 on Cloudflare's. Servers say 503
 * themselves, too.
 */
export const isBehindAway = (status: number): boolean =>
  [502, 503, 504].includes(status) || (status >= 520 && status <= 530)

/** Whether one says by it that it waits no longer for the server behind it, which may have begun what it was asked for. */
export const isNotWaited = (status: number): boolean => status === 504 || status === 524

/** Whether by this status somebody is not let in. */
export const letsNobodyIn = (status: number): boolean => [401, 403, 407].includes(status)
