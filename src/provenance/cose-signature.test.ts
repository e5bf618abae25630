import { constants, createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { decode, encode } from 'cborg'
import { expect, it } from 'vitest'
import { MAX_TIME_STAMP_BYTES, signatureSize, signClaim } from './cose-signature.ts'
import { makeSigningKey } from './make-certificate.ts'
import { algorithmOf, createSigner, type Signer, signWith } from './signer.ts'

const CLAIM = Buffer.from('a claim')
const signer = createSigner(makeSigningKey(Date.now()))

type Sign1 = [Uint8Array, Map<string, unknown>, null, Uint8Array]

const read = (signature: Uint8Array) => {
  expect(signature[0]).toBe(0xd2)
  const [signed, unsigned, payload, value] = decode(signature.subarray(1), { useMaps: true }) as Sign1
  return { signed, unsigned, payload, value }
}

it('signs the claim with its certificates, as any COSE reader checks it, in as many bytes as there are for it', async () => {
  const size = signatureSize(signer, false)
  const built = await signClaim(CLAIM, { signer, size, stamp: () => Promise.resolve(undefined) })
  expect(built).toHaveLength(size)
  const { signed, unsigned, payload, value } = read(built)
  expect(payload).toBeNull()
  expect([...unsigned.keys()].sort()).toEqual(['pad'])
  const header = decode(signed, { useMaps: true }) as Map<number, unknown>
  expect(header.get(1)).toBe(-7)
  expect((header.get(33) as Uint8Array[]).map((one) => Buffer.from(one))).toEqual(signer.chain)
  const key = createPublicKey({ key: pemOf(signer.chain[0]!), format: 'pem' })
  const data = encode(['Signature1', signed, new Uint8Array(0), CLAIM])
  expect(verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, value)).toBe(true)
})

it('has a time stamp of the signature, of any length that there is room for', async () => {
  const size = signatureSize(signer, true)
  for (const length of [1, 200, 256, 5000, MAX_TIME_STAMP_BYTES]) {
    let stamped: Uint8Array | undefined
    const stamp = (message: Uint8Array) => {
      stamped = message
      return Promise.resolve(new Uint8Array(length).fill(7))
    }
    const built = await signClaim(CLAIM, { signer, size, stamp })
    expect(built).toHaveLength(size)
    const { signed, unsigned, value } = read(built)
    const { tstTokens } = Object.fromEntries(unsigned.get('sigTst2') as Map<string, Map<string, Uint8Array>[]>)
    expect(tstTokens!.map((token) => token.get('val')!.length)).toEqual([length])
    const [context, about, , what] = decode(stamped!) as [string, Uint8Array, Uint8Array, Uint8Array]
    expect([context, Buffer.from(about)]).toEqual(['CounterSignature', Buffer.from(signed)])
    expect(Buffer.from(decode(what) as Uint8Array)).toEqual(Buffer.from(value))
  }
})

it('fills every size exactly, also where a longer pad would have a longer length', async () => {
  const stamp = () => Promise.resolve(undefined)
  const usual = signatureSize(signer, false)
  for (let size = usual - 150; size < usual + 500; size++) {
    expect(await signClaim(CLAIM, { signer, size, stamp })).toHaveLength(size)
  }
  await expect(signClaim(CLAIM, { signer, size: 500, stamp })).rejects.toThrow('no room')
})

it.each([
  ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }), 'es384'],
  ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'secp521r1' }), 'es512'],
  ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'ps256'],
  ['Ed25519', () => generateKeyPairSync('ed25519'), 'ed25519']
] as [string, () => { privateKey: KeyObject }, string][])('knows how a key on %s signs', (_, make, name) => {
  expect(algorithmOf(make().privateKey)?.name).toBe(name)
})

it.each([
  ['secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
  ['short RSA', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
  ['X25519', () => generateKeyPairSync('x25519')]
] as [string, () => { privateKey: KeyObject }][])('refuses a key that C2PA does not take: %s', (_, make) => {
  const key = make().privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  expect(() => createSigner({ key, certificates: makeSigningKey(Date.now()).certificates })).toThrow(
    'The key is none that C2PA signs with'
  )
})

const pemOf = (der: Signer['chain'][number]): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`

it('signs with RSA as PSS', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const algorithm = algorithmOf(privateKey)!
  expect(algorithm).toEqual({ name: 'ps256', cose: -37, hash: 'sha256' })
  const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  expect(verify('sha256', CLAIM, { key: publicKey, ...options }, signWith(privateKey, algorithm, CLAIM))).toBe(true)
})
