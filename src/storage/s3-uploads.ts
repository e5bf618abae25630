import { CopyObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { StorageMisconfigured } from '../config/storage-settings.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import type { DirectUploads, ObjectStore } from './object-store.ts'
import type { S3Options } from './s3-client.ts'
import { asStoreUnavailable, isMissing } from './s3-errors.ts'
import type { S3Health } from './s3-health.ts'

const PROBE = 'probe/upload'
const WRITTEN = Buffer.from('x')
const FACTS = {
  bytes: WRITTEN.length,
  sha256: '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
  contentType: 'text/plain'
}
const PROBE_WITHIN_MS = 10_000

interface Parts {
  client: S3Client
  /** Whose endpoint is that of links. */
  signer: S3Client
  store: Pick<ObjectStore, 'remove'>
  watch: S3Health['watch']
}

/**
 * Links by which others write into the bucket. Whether its server knows the header with a hash of what is written is tried out:
 * some refuse it (Backblaze, older ones), and then nothing but length and type is bound. Throws `StorageMisconfigured`
 * when it refuses what is signed either way; one that cannot be reached from here may be reached by others all the same.
 */
export async function openS3Uploads(parts: Parts, options: S3Options): Promise<DirectUploads> {
  const bound = createS3Uploads(parts, options, { bindsHash: true })
  if ((await tryOut(bound)) < 400) return withoutProbe(parts.store, bound)
  const loose = createS3Uploads(parts, options, { bindsHash: false })
  const status = await tryOut(loose)
  if (status < 400 || status >= 500) return withoutProbe(parts.store, status < 400 ? loose : bound)
  const { bucket, endpoint, publicEndpoint = endpoint ?? 'AWS' } = options
  throw new StorageMisconfigured(
    `${publicEndpoint} refuses what agents would write into the bucket '${bucket}' by a signed link (HTTP ${status}): correct INFERENCE_CLUB_S3_PUBLIC_ENDPOINT, or set INFERENCE_CLUB_STORAGE_UPLOADS=proxy.`
  )
}

/** What the server says to a link used as it should be; 0 when there was no answer. */
async function tryOut(uploads: DirectUploads): Promise<number> {
  const { url, headers } = await uploads.sign(PROBE, { ...FACTS, forMs: MINUTE_MS })
  try {
    const answer = await fetch(url, {
      method: 'PUT',
      headers: { ...headers },
      body: WRITTEN,
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_WITHIN_MS)
    })
    await answer.body?.cancel()
    return answer.status
  } catch {
    return 0 // It may be reached by others all the same.
  }
}

async function withoutProbe(store: Parts['store'], uploads: DirectUploads): Promise<DirectUploads> {
  await store.remove([PROBE]).catch(() => undefined) // It is one byte, and written over at the next start.
  return uploads
}

function createS3Uploads(
  { client, signer, watch }: Parts,
  { bucket, prefix }: S3Options,
  { bindsHash }: { bindsHash: boolean }
): DirectUploads {
  const copy = async (from: string, to: string, contentType: string) => {
    const command = new CopyObjectCommand({
      Bucket: bucket,
      Key: prefix + to,
      CopySource: `${bucket}/${prefix}${from}`,
      // Who wrote it may have said more of it than its type.
      MetadataDirective: 'REPLACE',
      ContentType: contentType
    })
    try {
      await client.send(command)
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw asStoreUnavailable(error)
    }
  }

  return {
    sign: async (key, { bytes, sha256, contentType, forMs }) => {
      const checksum = bindsHash ? Buffer.from(sha256, 'hex').toString('base64') : undefined
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: prefix + key,
        ContentLength: bytes,
        ContentType: contentType,
        ...(checksum !== undefined && { ChecksumSHA256: checksum })
      })
      const url = await getSignedUrl(signer, command, {
        expiresIn: Math.ceil(forMs / 1000),
        signableHeaders: new Set(['content-length', 'content-type']),
        // In the address it would be a wish: servers look at the header.
        unhoistableHeaders: new Set(['x-amz-checksum-sha256'])
      })
      return {
        url,
        headers: { 'content-type': contentType, ...(checksum !== undefined && { 'x-amz-checksum-sha256': checksum }) }
      }
    },
    copy: (from, to, { contentType }) => watch(() => copy(from, to, contentType))
  }
}
