import { createHash, randomBytes } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import { MessageImprint, PKIStatus, TimeStampReq, TimeStampReqVersion, TimeStampResp } from '@peculiar/asn1-tsp'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import { MAX_TIME_STAMP_BYTES } from './cose-signature.ts'

const SHA256 = '2.16.840.1.101.3.4.2.1'
const NONCE_BYTES = 16

/**
 * Has a time stamp authority (RFC 3161) say that it has seen this; answers its token in DER. Throws when it does not, for
 * `timeoutMs` or with more bytes than there is room for; it is never followed elsewhere.
 */
export async function requestTimeStamp(
  message: Uint8Array,
  { url, timeoutMs, fetch }: { url: string; timeoutMs: number; fetch: typeof globalThis.fetch }
): Promise<Uint8Array> {
  const nonce = randomBytes(NONCE_BYTES)
  // A number above zero, whose first byte is none that could be left out.
  nonce[0] = 0x40 | ((nonce[0] ?? 0) & 0x3f)
  const digest = createHash('sha256').update(message).digest()
  const request = new TimeStampReq({
    version: TimeStampReqVersion.v1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithm: SHA256, parameters: null }),
      hashedMessage: new OctetString(digest)
    }),
    nonce: nonce.buffer.slice(nonce.byteOffset, nonce.byteOffset + nonce.byteLength),
    certReq: true
  })
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body: AsnConvert.serialize(request),
    signal: AbortSignal.timeout(timeoutMs)
  })
  if (!response.ok) throw new Error(`The time stamp authority answered ${response.status}.`)
  const { status, timeStampToken } = AsnConvert.parse(await readWithin(response, MAX_TIME_STAMP_BYTES), TimeStampResp)
  if (!timeStampToken || (status.status !== PKIStatus.granted && status.status !== PKIStatus.grantedWithMods)) {
    throw new Error('The time stamp authority gave none.')
  }
  const token = Buffer.from(AsnConvert.serialize(timeStampToken))
  if (!token.includes(digest)) throw new Error('The time stamp authority stamped something else.')
  return token
}

/**
 * `requestTimeStamp` of one authority; after it gave none it is not asked for `pauseMs`, and everything that is to be stamped
 * meanwhile goes without, at once.
 */
export function createTimeStamps({
  pauseMs,
  now,
  ...how
}: Parameters<typeof requestTimeStamp>[1] & { pauseMs: number; now: () => number }): (
  message: Uint8Array
) => Promise<Uint8Array> {
  let askAgainAt = -Infinity
  return async (message) => {
    if (now() < askAgainAt) throw new Error('The time stamp authority has just given none.')
    try {
      return await requestTimeStamp(message, how)
    } catch (error) {
      askAgainAt = now() + pauseMs
      throw error
    }
  }
}

async function readWithin(response: Response, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength
    if (bytes > maxBytes) throw new Error(`The time stamp has more than ${maxBytes} bytes.`)
    pieces.push(piece as Uint8Array)
  }
  return Buffer.concat(pieces)
}
