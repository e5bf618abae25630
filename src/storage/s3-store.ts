import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { MEDIA_TYPE_BYTES, sniffMediaType } from '../images/sniff-media-type.ts'
import { DAY_MS } from '../lib/durations.ts'
import { createQueue } from '../lib/async.ts'
import { ExactStream } from './exact-stream.ts'
import { MeasureStream } from './measure-stream.ts'
import { requireObjectKey, isObjectKey } from './object-keys.ts'
import { ObjectDamaged, type ObjectStore, type OpenOptions, type PutOptions, StoreUnavailable } from './object-store.ts'
import { createS3Client, type S3Options } from './s3-client.ts'
import { asStoreUnavailable, isMissing, nameOf, statusOf } from './s3-errors.ts'
import { createS3Health, probeS3, type S3Health } from './s3-health.ts'
import { openS3Uploads } from './s3-uploads.ts'

/** Of an object: larger ones are sent in parts of this size, one after the other, so that an upload holds two at most. */
const PART_BYTES = 8 * 1024 * 1024
/** Deleted one by one: not every server knows how to delete many at once without checksums that others refuse. */
const REMOVED_AT_ONCE = 8
const TRIED_KEY = 'probe/again'
const UNKNOWN_TYPE = 'application/octet-stream'

/**
 * A bucket, or what is below a prefix in it, of AWS or of a server that speaks its protocol. Nothing is seen of an object
 * before it is whole. Throws `StorageMisconfigured` when it cannot be written, read, listed and cleared as it is configured; when
 * the server is only away or busy it is opened all the same, and takes nothing until it works.
 */
export async function openS3Store(options: S3Options): Promise<ObjectStore> {
  const { publicEndpoint, takesUploads = false } = options
  const client = await createS3Client(options)
  try {
    const signer =
      publicEndpoint === undefined ? client : await createS3Client({ ...options, endpoint: publicEndpoint })
    const { store, watch } = createS3Store({ client, signer }, options)
    await probeS3(store, options)
    if (!takesUploads) return store
    return { ...store, uploads: await openS3Uploads({ client, signer, store, watch }, options) }
  } catch (error) {
    client.destroy()
    throw error
  }
}

function createS3Store(
  { client, signer }: { client: S3Client; signer: S3Client },
  { bucket, prefix }: S3Options
): { store: ObjectStore; watch: S3Health['watch'] } {
  const at = (key: string) => {
    requireObjectKey(key)
    return { Bucket: bucket, Key: prefix + key }
  }
  const inTurn = createQueue(REMOVED_AT_ONCE)

  const stat = async (key: string) => {
    const facts = await client.send(new HeadObjectCommand(at(key))).catch(unlessMissing)
    return facts && { bytes: facts.ContentLength ?? 0 }
  }
  const remove = async (keys: readonly string[]) => {
    await Promise.all(
      keys.map((key) => inTurn(() => client.send(new DeleteObjectCommand(at(key))).catch(unlessMissing)))
    )
  }

  const put = async (key: string, source: Readable, { maxBytes, signal }: PutOptions) => {
    const object = at(key)
    const measure = new MeasureStream(maxBytes)
    let sourceFault: unknown
    const feeding = pipeline(source, measure, { ...(signal && { signal }) }).catch((error: unknown) => {
      sourceFault = error
    })
    let isSending = false
    try {
      const contentType = (await sniff(measure)) ?? UNKNOWN_TYPE
      isSending = true
      // In parts one after the other: the first that fails ends it, and nothing of the source is read for nothing.
      const params = { ...object, Body: measure, ContentType: contentType }
      await new Upload({ client, params, partSize: PART_BYTES, queueSize: 1 }).done()
      return measure.result()
    } catch (error) {
      source.destroy()
      measure.destroy()
      await feeding
      // An upload fails with the very error of its source; any other is the server's, and the source was cut off for it.
      if (!isSending || error === sourceFault || signal?.aborted === true) throw sourceFault ?? error
      if (await isThereAllTheSame(key, measure, error)) return measure.result()
      // It may have got there though its answer did not; what cannot be removed either is for the sweeper.
      await remove([key]).catch(() => undefined)
      throw asStoreUnavailable(error)
    }
  }

  /** An answer that was lost makes the next try find no upload: the first has done it. */
  const isThereAllTheSame = async (key: string, measure: MeasureStream, error: unknown): Promise<boolean> =>
    nameOf(error) === 'NoSuchUpload' &&
    measure.readableEnded &&
    (await stat(key).catch(() => undefined))?.bytes === measure.bytes

  const tryOut = async () => {
    await put(TRIED_KEY, Readable.from([Buffer.from('x')]), { maxBytes: 1 })
    await remove([TRIED_KEY])
  }
  const health = createS3Health(tryOut)

  const store: ObjectStore = {
    put: (key, source, options) => health.watch(() => put(key, source, options)),
    open: (key, options = {}) =>
      orUnavailable(async () => {
        const { range } = options
        const wanted = range && { Range: `bytes=${range.start}-${range.end}` }
        const answer = await client.send(new GetObjectCommand({ ...at(key), ...wanted })).catch(unlessMissing)
        if (!answer) return undefined
        const body = answer.Body as Readable
        try {
          return readExactly(body, options, answer)
        } catch (error) {
          body.destroy()
          throw error
        }
      }),
    link: (key, { headers, forMs }) =>
      orUnavailable(() => {
        const command = new GetObjectCommand({
          ...at(key),
          ResponseContentType: headers.contentType,
          ResponseContentDisposition: headers.contentDisposition,
          ResponseCacheControl: headers.cacheControl
        })
        const step = forMs / 3
        const signingDate = new Date(Math.floor(Date.now() / step) * step)
        return getSignedUrl(signer, command, { expiresIn: Math.ceil(forMs / 1000), signingDate })
      }),
    stat: (key) => orUnavailable(() => stat(key)),
    // A copy in one piece, which every server knows, of up to 5 GB.
    move: (from, to) =>
      orUnavailable(async () => {
        const { Key } = at(from)
        const source = { CopySource: `${bucket}/${Key}` }
        const copied = await client.send(new CopyObjectCommand({ ...at(to), ...source })).catch(unlessMissing)
        if (!copied) return false
        await remove([from])
        return true
      }),
    remove: (keys) => orUnavailable(() => remove(keys)),
    dropEmptyFolders: async () => undefined, // There are none: a key is only a name.
    dropUnfinished: (before) =>
      orUnavailable(async () => {
        const query = { Bucket: bucket, Prefix: prefix }
        const uploads = await client.send(new ListMultipartUploadsCommand(query)).catch(unlessUnknown)
        for (const { Key, UploadId, Initiated } of uploads?.Uploads ?? []) {
          if (Key === undefined || !Key.startsWith(prefix) || !isObjectKey(Key.slice(prefix.length))) continue
          if (Initiated === undefined || Initiated.getTime() >= before) continue
          const upload = { Bucket: bucket, Key, UploadId }
          await client.send(new AbortMultipartUploadCommand(upload)).catch(unlessMissing)
        }
      }),
    list: (wanted) => listPages(client, { bucket, prefix, wanted }),
    freeBytes: () => health.freeBytes(),
    askedAtMost: { probeMs: 30_000, walkMs: DAY_MS }
  }
  return { store, watch: health.watch }
}

/** The media type that the first bytes announce: whoever serves the bucket's objects by themselves says so of them. */
async function sniff(stream: Readable): Promise<string | undefined> {
  if (stream.readableLength === 0) await once(stream, 'readable')
  const head = stream.read() as Buffer | null
  if (!head) return undefined
  stream.unshift(head)
  return sniffMediaType(head.subarray(0, MEDIA_TYPE_BYTES))
}

/** `range` and `bytes` are what was asked for. */
function readExactly(
  body: Readable,
  { bytes, range }: OpenOptions,
  { ContentLength, ContentRange }: { ContentLength?: number | undefined; ContentRange?: string | undefined }
): Readable {
  const total = range ? Number(/\/(\d+)$/.exec(ContentRange ?? '')?.[1] ?? NaN) : (ContentLength ?? bytes)
  if (total === undefined || Number.isNaN(total))
    throw new StoreUnavailable('The object storage did not say what it sends.')
  if (bytes !== undefined && total !== bytes) {
    throw new ObjectDamaged(`The object has ${total} bytes instead of ${bytes}.`)
  }
  const exact = new ExactStream(range ? Math.min(range.end, total - 1) - range.start + 1 : total)
  body.on('error', (error) => exact.destroy(asStoreUnavailable(error)))
  exact.on('close', () => body.destroy())
  return body.pipe(exact)
}

async function* listPages(
  client: S3Client,
  { bucket, prefix, wanted }: { bucket: string; prefix: string; wanted: string }
) {
  const query = { Bucket: bucket, Prefix: prefix + wanted, EncodingType: 'url' as const }
  for (let token: string | undefined; ;) {
    const page = await orUnavailable(() =>
      client.send(new ListObjectsV2Command({ ...query, ...(token !== undefined && { ContinuationToken: token }) }))
    )
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      const key = decodeKey(Key)?.slice(prefix.length)
      // What somebody else has put there is no object.
      if (key === undefined || !isObjectKey(key) || Size === undefined || !LastModified) continue
      yield { key, bytes: Size, modifiedAt: LastModified.getTime() }
    }
    if (page.IsTruncated !== true) return
    const next = page.NextContinuationToken
    if (next === undefined || next === token)
      throw new StoreUnavailable('The object storage does not tell the rest of its list.')
    token = next
  }
}

/** Undefined of what nobody here has named. */
function decodeKey(spelled: string | undefined): string | undefined {
  try {
    return spelled === undefined ? undefined : decodeURIComponent(spelled)
  } catch {
    return undefined
  }
}

function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}

/** Servers that do not list unfinished uploads give them up by themselves. */
function unlessUnknown(error: unknown): undefined {
  if (statusOf(error) !== 501 && statusOf(error) !== 405) throw error
}

async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asStoreUnavailable(error)
  }
}
