import { constants, createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto'

/** What manifests are signed with. */
export interface SigningKey {
  /** PEM, PKCS#8. */
  key: string
  /** PEM of the certificate and of those that vouch for it, one after the other. */
  certificates: string
}

/** An algorithm of C2PA, and its number in COSE (RFC 9053, RFC 8230). */
export interface SigningAlgorithm {
  name: 'es256' | 'es384' | 'es512' | 'ps256' | 'ed25519'
  cose: number
  hash: string | null
}

const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: { name: 'es256', cose: -7, hash: 'sha256' },
  secp384r1: { name: 'es384', cose: -35, hash: 'sha384' },
  secp521r1: { name: 'es512', cose: -36, hash: 'sha512' }
}
const PSS: SigningAlgorithm = { name: 'ps256', cose: -37, hash: 'sha256' }
const EDWARDS: SigningAlgorithm = { name: 'ed25519', cose: -8, hash: null }

/** How a key signs; undefined when C2PA knows no way. */
export function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningAlgorithm | undefined {
  if (asymmetricKeyType === 'ec') return CURVES[asymmetricKeyDetails?.namedCurve ?? '']
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return PSS
  return asymmetricKeyType === 'ed25519' ? EDWARDS : undefined
}

export interface Signer {
  algorithm: SigningAlgorithm
  /** DER, the signer's own first. */
  chain: Uint8Array[]
  sign(data: Uint8Array): Uint8Array
}

/** Throws when the key cannot sign, or is not that of the certificate. */
export function createSigner({ key: pem, certificates }: SigningKey): Signer {
  const key = createPrivateKey(pem)
  const algorithm = algorithmOf(key)
  if (!algorithm)
    throw new Error(
      'The key is none that C2PA signs with: EC on P-256, P-384 or P-521, RSA of 2048 bits or more, Ed25519.'
    )
  const chain = splitCertificates(certificates).map((one) => new X509Certificate(one))
  if (!chain[0]?.checkPrivateKey(key)) throw new Error('The key is not that of the first certificate.')
  return {
    algorithm,
    chain: chain.map(({ raw }) => raw),
    sign: (data) => signWith(key, algorithm, data)
  }
}

/** A signature in the form of COSE, of ECDSA the two numbers one after the other. */
export const signWith = (key: KeyObject, algorithm: SigningAlgorithm, data: Uint8Array): Buffer =>
  sign(algorithm.hash, data, {
    key,
    dsaEncoding: 'ieee-p1363',
    ...(algorithm === PSS && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST
    })
  })

/** Each certificate of a text in PEM. */
export const splitCertificates = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.map((one) => `${one}\n`) ?? []
