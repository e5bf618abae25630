/** Whether a proxy says by this status of HTTP that the server behind it is away, those from 520 on Cloudflare's. */
export const isBehindAway = (status: number): boolean =>
  [502, 503, 504].includes(status) || (status >= 520 && status <= 530)

/** Whether by this status somebody is not let in. */
export const letsNobodyIn = (status: number): boolean => [401, 403, 407].includes(status)
