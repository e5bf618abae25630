import { X509Certificate } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { MarkingMisconfigured } from '../config/marking-settings.ts'
import { toError } from '../lib/async.ts'
import { DAY_MS } from '../lib/durations.ts'
import { createSigner, type SigningKey, splitCertificates } from './signer.ts'

export interface SigningFiles {
  dataDir: string
  /** The operator's own; both or none. */
  c2paCertificate: string | undefined
  c2paKey: string | undefined
}

/** A key of our own is followed by another one so long before its certificate ends. */
const RENEW_BEFORE_MS = 60 * DAY_MS
/** Of each file of the operator: it is read whole, and the certificates go into every image. */
export const MAX_SIGNING_FILE_BYTES = 64 * 1024
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\n?/
const EXPIRED = 'The certificate of INFERENCE_CLUB_C2PA_CERTIFICATE is not valid now.'

const ownPath = (dataDir: string) => join(dataDir, 'provenance', 'signing.pem')
const signersPath = (dataDir: string) => join(dataDir, 'provenance', 'signers.json')

/**
 * What manifests are signed with: the operator's files, or a key of our own in the data folder, which is made when it is missing
 * and which nobody but the user of this program can read. Its certificates are noted in the data folder, so that what was signed
 * with them is known again whatever signs later.
 *
 * @throws MarkingMisconfigured when the operator's files cannot sign; what the file system throws of the data folder.
 */
export async function loadSigningKey(files: SigningFiles, now: number): Promise<SigningKey> {
  const key = files.c2paKey === undefined ? await ownKey(files.dataDir, now) : await operatorsKey(files, now)
  const known = await listSigners(files.dataDir)
  if (!known.includes(key.certificates)) {
    await writeWhole(signersPath(files.dataDir), JSON.stringify([...known, key.certificates]))
  }
  return key
}

/** The certificates of whatever has signed here, each with those that vouch for it, in PEM. */
export async function listSigners(dataDir: string): Promise<string[]> {
  const text = await readIfThere(signersPath(dataDir))
  return text === undefined ? [] : (JSON.parse(text) as string[])
}

async function operatorsKey({ c2paCertificate = '', c2paKey = '' }: SigningFiles, now: number): Promise<SigningKey> {
  const read = async (path: string, variable: string): Promise<string> => {
    // Up to one byte more than it may have: a device has no end.
    const start = createReadStream(path, { encoding: 'latin1', end: MAX_SIGNING_FILE_BYTES })
    const pem = await text(start).catch((error: NodeJS.ErrnoException) => {
      throw new MarkingMisconfigured(`The file that ${variable} names cannot be read (${error.code}).`)
    })
    if (pem.length <= MAX_SIGNING_FILE_BYTES) return pem
    throw new MarkingMisconfigured(`The file that ${variable} names has more than ${MAX_SIGNING_FILE_BYTES} bytes.`)
  }
  const certificates = splitCertificates(await read(c2paCertificate, 'INFERENCE_CLUB_C2PA_CERTIFICATE')).join('')
  const key = { key: await read(c2paKey, 'INFERENCE_CLUB_C2PA_KEY'), certificates }
  try {
    createSigner(key)
  } catch (error) {
    throw new MarkingMisconfigured(
      `INFERENCE_CLUB_C2PA_CERTIFICATE and INFERENCE_CLUB_C2PA_KEY cannot sign. ${toError(error).message}`
    )
  }
  const { validFromDate, validToDate } = new X509Certificate(certificates)
  if (validFromDate.getTime() > now || validToDate.getTime() < now) throw new MarkingMisconfigured(EXPIRED)
  return key
}

async function ownKey(dataDir: string, now: number): Promise<SigningKey> {
  const path = ownPath(dataDir)
  const text = (await readIfThere(path)) ?? ''
  const certificates = splitCertificates(text).join('')
  const [key] = KEY.exec(text) ?? []
  if (key !== undefined && certificates !== '') {
    if (new X509Certificate(certificates).validToDate.getTime() - RENEW_BEFORE_MS > now) return { key, certificates }
  }
  const { makeSigningKey } = await import('./make-certificate.ts')
  const made = makeSigningKey(now)
  await writeWhole(path, made.key + made.certificates)
  return made
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all, and for the user of this program alone. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}
