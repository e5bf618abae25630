import type { ImageParameters } from '../images/image-request.ts'
import type { RequestParts } from './request-parts.ts'
import { findRequest } from './request-store.ts'

/** What was asked for with the request of an attempt. */
export async function findParameters(
  { database }: Pick<RequestParts, 'database'>,
  attempt: { request_id: string }
): Promise<ImageParameters> {
  const request = await findRequest(database.db, attempt.request_id)
  if (!request) throw new Error(`there is no request ${attempt.request_id}`)
  return JSON.parse(request.parameters) as ImageParameters
}
