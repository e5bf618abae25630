import type { RequestDetail } from '../../../../src/http/dashboard/contract/requests.ts'
import { detail, image } from '../../lib/request-samples.ts'

/** A finished request of two images that are not there yet, for tests. */
export const sampleRequest = (part: Partial<RequestDetail> = {}): RequestDetail =>
  detail({ prompt: 'a fox', n: 2, images: [], providers: [], parameters: {}, attempts: [], ...part })

export const sampleImage = (position: number) =>
  image({ id: `ast_${position}`, position, width: 80, height: 60, seed: 7 + position })
