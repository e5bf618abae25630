import { findInCauses } from '../lib/fault.ts'
import { ObjectTooLarge, StoreUnavailable } from './object-store.ts'
import type { S3Options } from './s3-client.ts'

interface S3Fault {
  name?: string
  code?: unknown
  Code?: unknown
  message?: string
  $metadata?: { httpStatusCode?: number }
}

export const statusOf = (error: unknown): number | undefined =>
  (error as S3Fault | undefined)?.$metadata?.httpStatusCode

/** What the server, or else the network, calls it. */
export function nameOf(error: unknown): string {
  const { name, code, Code } = (error ?? {}) as S3Fault
  const named = [Code, code, name].find((one) => typeof one === 'string' && one !== '' && one !== 'Error')
  return typeof named === 'string' ? named : `HTTP ${statusOf(error)}`
}

/** There is no object of that key. A bucket that is gone is another matter. */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket'

export const asStoreUnavailable = (error: unknown): Error =>
  error instanceof StoreUnavailable || error instanceof ObjectTooLarge
    ? error
    : new StoreUnavailable(`The object storage refused: ${nameOf(error)}`, { cause: error })

const WRONG_CREDENTIALS = new Set([
  ...['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken', 'TokenRefreshRequired'],
  ...['UnrecognizedClientException', 'InvalidClientTokenId', 'Unauthorized']
])
const WRONG_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'TemporaryRedirect',
  'IllegalLocationConstraintException'
])
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'CredentialsError', 'TokenProviderError'])
const ELSEWHERE = new Set(['ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EPROTO', 'EAI_AGAIN'])

/**
 * One sentence that says what to set, when the store cannot work as it is configured; undefined when the server is only away
 * or busy, which passes. `doing` is what was tried.
 */
export function explainS3(error: unknown, { bucket, endpoint }: S3Options, doing: string): string | undefined {
  const name =
    findInCauses(error, (one) =>
      statusOf(one) !== undefined || ELSEWHERE.has(nameOf(one)) || NO_CREDENTIALS.has(nameOf(one))
        ? nameOf(one)
        : undefined
    ) ?? nameOf(error)
  const status = findInCauses(error, statusOf)
  const where = endpoint ?? 'AWS'
  if (NO_CREDENTIALS.has(name)) {
    return `There are no credentials for the bucket '${bucket}': set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role.`
  }
  if (name === 'NoSuchBucket' || (status === 404 && doing !== 'read')) {
    return `There is no bucket '${bucket}' at ${where}: make it, or correct INFERENCE_CLUB_STORAGE and INFERENCE_CLUB_S3_ENDPOINT.`
  }
  if (WRONG_CREDENTIALS.has(name) || status === 401) {
    return `${where} does not know the credentials (${name}): correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile or role they come from.`
  }
  if (WRONG_REGION.has(name) || status === 301) {
    return `The bucket '${bucket}' is in another region (${name}): set INFERENCE_CLUB_S3_REGION to it.`
  }
  if (name === 'RequestTimeTooSkewed') return `The clock of this machine is wrong, says ${where}: set it.`
  if (status === 403) {
    return `The credentials may not ${doing} in the bucket '${bucket}' (${name}): allow them s3:PutObject, s3:GetObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucket and s3:ListBucketMultipartUploads.`
  }
  if (ELSEWHERE.has(name)) return `${where} cannot be reached (${name}): correct INFERENCE_CLUB_S3_ENDPOINT.`
  if (status !== undefined && status < 500 && status !== 408 && status !== 429) {
    return `${where} refused to ${doing} in the bucket '${bucket}' (${name}): correct INFERENCE_CLUB_STORAGE and INFERENCE_CLUB_S3_ENDPOINT.`
  }
  return undefined
}
