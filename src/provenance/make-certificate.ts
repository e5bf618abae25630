import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version
} from '@peculiar/asn1-x509'
import { DAY_MS } from '../lib/durations.ts'
import type { SigningKey } from './signer.ts'

const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
/** What may sign a manifest: C2PA's own purpose, and that of e-mail, which is the one that older validators know. */
const PURPOSES = ['1.3.6.1.4.1.62558.2.1', '1.3.6.1.5.5.7.3.4']
const ORGANIZATION_NAME = 'inference.club'
export const VALID_FOR_MS = 3650 * DAY_MS

interface Party {
  name: Name
  publicKey: KeyObject
  privateKey: KeyObject
  keyId: ArrayBuffer
}

/**
 * A key, its certificate and that of an authority of its own, which vouches for this one and whose key is forgotten at once: C2PA
 * takes no certificate that vouches for itself. Nobody else knows the authority, so whoever checks a signature sees an issuer
 * that is not known.
 */
export function makeSigningKey(now: number): SigningKey {
  const authority = party('Images of an inference.club: authority')
  const signer = party('Images of an inference.club')
  const root = certify({ of: authority, by: authority, now, extensions: authorityExtensions(authority) })
  const own = certify({ of: signer, by: authority, now, extensions: signerExtensions(authority) })
  return {
    key: signer.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificates: [own, root].map(pemOf).join('')
  }
}

function party(commonName: string): Party {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const key = AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo)
  const keyId = createHash('sha1').update(Buffer.from(key.subjectPublicKey)).digest()
  return { name: nameOf(commonName), publicKey, privateKey, keyId: bufferOf(keyId) }
}

const nameOf = (commonName: string): Name =>
  new Name([named(ORGANIZATION, ORGANIZATION_NAME), named(COMMON_NAME, commonName)])

const named = (type: string, utf8String: string): RelativeDistinguishedName =>
  new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) })])

function certify({ of, by, now, extensions }: { of: Party; by: Party; now: number; extensions: Extension[] }): Buffer {
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: ECDSA_SHA256 })
  const serial = randomBytes(16)
  // A number above zero, whose first byte is none that could be left out.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f)
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: bufferOf(serial),
    signature: signatureAlgorithm,
    issuer: by.name,
    // Clocks of others may be behind.
    validity: new Validity({ notBefore: new Date(now - DAY_MS), notAfter: new Date(now + VALID_FOR_MS) }),
    subject: of.name,
    subjectPublicKeyInfo: AsnConvert.parse(of.publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
    extensions: new Extensions([
      extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(of.keyId)),
      ...extensions
    ])
  })
  const signatureValue = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), by.privateKey)
  return Buffer.from(
    AsnConvert.serialize(
      new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue: bufferOf(signatureValue) })
    )
  )
}

const authorityExtensions = ({ keyId }: Party): Extension[] => [
  extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
  extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
  extension(
    id_ce_authorityKeyIdentifier,
    false,
    new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyId) })
  )
]

const signerExtensions = ({ keyId }: Party): Extension[] => [
  extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
  extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
  extension(id_ce_extKeyUsage, true, new ExtendedKeyUsage(PURPOSES)),
  extension(
    id_ce_authorityKeyIdentifier,
    false,
    new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyId) })
  )
]

const extension = (extnID: string, critical: boolean, value: object): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })

const bufferOf = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer

const pemOf = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
