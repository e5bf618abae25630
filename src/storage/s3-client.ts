import { pipeline, Readable, Transform } from 'node:stream'
import { S3Client } from '@aws-sdk/client-s3'
import { StorageMisconfigured } from '../config/storage-settings.ts'

export interface S3Options {
  bucket: string
  /** What its keys begin with: empty, or ends in a slash. */
  prefix: string
  /** URL of a server that is not AWS's. */
  endpoint?: string
  /** URL of the same server in links, where it is another for those who get them. */
  publicEndpoint?: string
  /** Others may be given links by which they write. */
  takesUploads?: boolean
  region?: string
  /** Name the bucket in the path; default: with an endpoint of its own, since few such servers have a host for each bucket. */
  forcePathStyle?: boolean
  patience?: Partial<S3Patience>
}

export interface S3Patience {
  connectMs: number
  /** How long a connection may stand still. */
  silentMs: number
  /** How often a call is tried in all, with longer and longer waits between. */
  tries: number
}

const PATIENCE: S3Patience = { connectMs: 5000, silentMs: 30_000, tries: 4 }
/** Each reader of an image holds one, for as long as it takes. */
const MOST_CONNECTIONS = 1024

/** Of an answer that is no object: the longest is a list of a thousand keys, of 1024 bytes at most. */
export const MAX_ANSWER_BYTES = 8 * 1024 ** 2

/**
 * A client of the bucket's server. Its credentials, and what else is not said here, come from where AWS's own tools look for
 * them. Checksums beyond the signature are left out: Garage, Ceph, Backblaze and older MinIO refuse them.
 */
export async function createS3Client(options: S3Options): Promise<S3Client> {
  const { endpoint, region } = options
  const patience = { ...PATIENCE, ...options.patience }
  const create = (own: { region?: string }) => {
    const client = new S3Client({
      ...(endpoint !== undefined && { endpoint }),
      ...own,
      forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      retryMode: 'standard',
      maxAttempts: patience.tries,
      requestHandler: {
        connectionTimeout: patience.connectMs,
        socketTimeout: patience.silentMs,
        httpAgent: { keepAlive: true, maxSockets: MOST_CONNECTIONS },
        httpsAgent: { keepAlive: true, maxSockets: MOST_CONNECTIONS }
      }
    })
    boundAnswers(client)
    return client
  }
  const client = create(region === undefined ? {} : { region })
  const known = await client.config.region().catch(() => undefined)
  if (known !== undefined && known !== '') return client
  client.destroy()
  if (endpoint === undefined) {
    throw new StorageMisconfigured('The region of the bucket is not known: set INFERENCE_CLUB_S3_REGION.')
  }
  return create({ region: 'us-east-1' })
}

/** All answers but objects are held whole by the SDK, however long: one that is too long fails. */
function boundAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args)
        const response = result.response as { statusCode: number; body?: unknown }
        const isObject = commandName === 'GetObjectCommand' && response.statusCode < 300
        if (!isObject && response.body instanceof Readable) response.body = bounded(response.body)
        return result
      },
    { name: 'boundAnswers', step: 'deserialize', priority: 'low' }
  )
}

function bounded(answer: Readable): Readable {
  let bytes = 0
  const measured = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length
      if (bytes <= MAX_ANSWER_BYTES) done(null, chunk)
      else done(new Error(`The answer has more than ${MAX_ANSWER_BYTES} bytes.`))
    }
  })
  // How it ends is told to whoever reads.
  pipeline(answer, measured, () => undefined)
  return measured
}
