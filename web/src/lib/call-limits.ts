import type { CallLimits } from '../../../src/http/dashboard/contract/session.ts'

/** The server's defaults, until it has said what its operator chose. */
let limits: CallLimits = { maxImagesPerRequest: 10, maxInputImages: 16, maxUploadBytes: 25 * 1024 ** 2 }

export const callLimits = (): CallLimits => limits

export function adoptCallLimits(told: CallLimits): void {
  limits = told
}
