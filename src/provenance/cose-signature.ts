import { encode } from 'cborg'
import type { Signer } from './signer.ts'

/** Tag 18: COSE_Sign1 (RFC 9052). */
const SIGN1_TAG = Buffer.from([0xd2])
const ALGORITHM = 1
const X5CHAIN = 33
/** Of a signature without what it consists of. */
const FRAME_BYTES = 256
/** Time stamps hold the certificates of whoever gave them: 3 to 7 KiB. */
export const MAX_TIME_STAMP_BYTES = 12 * 1024
const NONE = new Uint8Array(0)

/** How many bytes a signature has, whatever it signs: manifests are made around its place. */
export const signatureSize = ({ chain, sign }: Signer, isStamped: boolean): number =>
  chain.reduce((sum, { length }) => sum + length + 3, FRAME_BYTES + sign(NONE).length) +
  (isStamped ? MAX_TIME_STAMP_BYTES + 64 : 0)

/**
 * The COSE signature of a claim, as C2PA 2 has it: certificates among what is signed, the time stamp (of the signature) not, and
 * filled up to `size` bytes. `stamp` gives a TimeStampToken for what it is given, or undefined.
 */
export async function signClaim(
  claim: Uint8Array,
  {
    signer,
    size,
    stamp
  }: { signer: Signer; size: number; stamp: (signature: Uint8Array) => Promise<Uint8Array | undefined> }
): Promise<Uint8Array> {
  const signed = encode(
    new Map<number, unknown>([
      [ALGORITHM, signer.algorithm.cose],
      [X5CHAIN, signer.chain.length === 1 ? signer.chain[0] : signer.chain]
    ])
  )
  const signature = signer.sign(encode(['Signature1', signed, NONE, claim]))
  const token = await stamp(encode(['CounterSignature', signed, NONE, encode(signature)]))
  const build = (pads: [string, Uint8Array][]) =>
    Buffer.concat([
      SIGN1_TAG,
      encode([
        signed,
        new Map<string, unknown>([
          ...(token ? ([['sigTst2', { tstTokens: [{ val: token }] }]] as const) : []),
          ...pads
        ]),
        null,
        signature
      ])
    ])
  // Where a longer pad makes its own length longer, a second one takes up the rest.
  for (let second = 0; second < 16; second++) {
    const pads = (length: number): [string, Uint8Array][] => [
      ['pad', new Uint8Array(length)],
      ...(second > 0 ? ([['pad2', new Uint8Array(second)]] as [string, Uint8Array][]) : [])
    ]
    for (
      let length = size - build(pads(0)).length;
      length >= 0 && length > size - build(pads(0)).length - 8;
      length--
    ) {
      const built = build(pads(length))
      if (built.length === size) return built
    }
  }
  throw new Error('The signature has no room.')
}
