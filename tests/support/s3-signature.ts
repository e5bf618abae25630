import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export interface S3Credentials {
  accessKeyId: string
  secretAccessKey: string
  region: string
}

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** As AWS's Signature Version 4 spells a name or a value of a query. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

interface Claim {
  credential: string
  signedHeaders: string
  signature: string
  date: string
  payload: string
}

function claimOf(request: IncomingMessage, url: URL): Claim | undefined {
  const { searchParams: query } = url
  const signed = query.get('X-Amz-Signature')
  if (signed !== null) {
    return {
      credential: query.get('X-Amz-Credential') ?? '',
      signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
      signature: signed,
      date: query.get('X-Amz-Date') ?? '',
      payload: 'UNSIGNED-PAYLOAD'
    }
  }
  const header = /^AWS4-HMAC-SHA256 Credential=(\S+?), ?SignedHeaders=(\S+?), ?Signature=(\w+)$/
  const [, credential, signedHeaders, signature] = header.exec(request.headers.authorization ?? '') ?? []
  if (credential === undefined || signedHeaders === undefined || signature === undefined) return undefined
  return {
    credential,
    signedHeaders,
    signature,
    date: String(request.headers['x-amz-date'] ?? ''),
    payload: String(request.headers['x-amz-content-sha256'] ?? '')
  }
}

const timeOf = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

/** The S3 error code for a request that is not signed as Signature Version 4 asks; undefined when it is. */
export function signatureFault(
  request: IncomingMessage,
  { url, body, credentials, now }: { url: URL; body: Buffer; credentials: S3Credentials; now: number }
): string | undefined {
  const claim = claimOf(request, url)
  if (!claim) return 'AccessDenied'
  const [accessKeyId, day, region, service, end] = claim.credential.split('/')
  if (accessKeyId !== credentials.accessKeyId) return 'InvalidAccessKeyId'
  if (region !== credentials.region) return 'AuthorizationHeaderMalformed'
  const expires = Number(url.searchParams.get('X-Amz-Expires') ?? 900)
  if (!(Math.abs(now - timeOf(claim.date)) <= expires * 1000)) return 'AccessDenied'
  if (claim.payload !== 'UNSIGNED-PAYLOAD' && claim.payload !== sha256(body)) return 'XAmzContentSHA256Mismatch'
  const headers = claim.signedHeaders.split(';')
  // Headers that say what is to be done with an object have to be signed.
  const unsigned = Object.keys(request.headers).some((name) => name.startsWith('x-amz-') && !headers.includes(name))
  if (!headers.includes('host') || unsigned) return 'AccessDenied'
  const canonical = [
    request.method,
    url.pathname,
    [...url.searchParams]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...headers.map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`
    ),
    '',
    claim.signedHeaders,
    claim.payload
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', claim.date, [day, region, service, end].join('/'), sha256(canonical)].join('\n')
  const key = [region, service, end].reduce<Buffer>(
    (sofar, text) => hmac(sofar, text ?? ''),
    hmac(`AWS4${credentials.secretAccessKey}`, day ?? '')
  )
  const wanted = hmac(key, toSign).toString('hex')
  const isSame =
    wanted.length === claim.signature.length && timingSafeEqual(Buffer.from(wanted), Buffer.from(claim.signature))
  return isSame ? undefined : 'SignatureDoesNotMatch'
}
