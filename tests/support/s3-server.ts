import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { type S3Credentials, signatureFault } from './s3-signature.ts'

export const S3_CREDENTIALS: S3Credentials = {
  accessKeyId: 'AKIDTESTS',
  secretAccessKey: 'a secret of the tests',
  region: 'club-1'
}
export const BUCKET = 'club-images'

/** What the server does wrong from now on; what is left out it does right. */
export interface S3Settings {
  /** Calls of these operations are answered so, `times` of them (default: all). */
  fail?: { operations: Operation[]; status: number; code: string; times?: number }
  /** These are done, and their answer never comes: the connection ends. */
  loseAnswers?: { operations: Operation[]; times?: number }
  /** These are never answered. */
  hang?: Operation[]
  /** Bodies of objects end after so many bytes, and the connection with them. */
  cutAfter?: number
  /** How many bytes more than there are it says an object has. */
  lieBy?: number
  /** Lists tell what was there when this was set. */
  staleLists?: boolean
  /** Ranges are taken for wishes. */
  ignoreRanges?: boolean
  /** So many keys on a page of a list, default 1000. */
  pageSize?: number
  /** It knows the header of a SHA-256, and looks whether it is that of the body. */
  knowsChecksums?: boolean
  /** Its clock is ahead by so many milliseconds. */
  aheadMs?: number
  /** There is no such bucket any more. */
  noBucket?: boolean
}

export interface S3State {
  keys: string[]
  /** Keys of multipart uploads that were begun and neither completed nor aborted. */
  unfinished: string[]
  /** How often each operation was called since the last `__control`. */
  calls: Partial<Record<Operation, number>>
}

export type Operation =
  'put' | 'get' | 'head' | 'delete' | 'copy' | 'list' | 'create' | 'part' | 'complete' | 'abort' | 'listUploads'

interface Stored {
  bytes: Buffer
  etag: string
  modifiedAt: number
  contentType: string
  contentEncoding?: string | undefined
}

interface Upload {
  key: string
  contentType: string
  begunAt: number
  parts: Map<number, Stored>
}

class S3Fault extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

const MIN_PART_BYTES = 5 * 1024 * 1024
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex')
const escape = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const decode = (value: string): string => value.replaceAll('&quot;', '"').replaceAll('&amp;', '&')

/**
 * A server that speaks the protocol of S3 over HTTP, path style, as AWS documents it and with the limits of others: signatures
 * and hashes of bodies are verified, parts must be of one size and at least 5 MiB but the last, checksums beyond the signature
 * (which older servers do not know) are refused, as is deleting many at once.
 */
export async function startS3Server(): Promise<{ url: string; close(): Promise<void> }> {
  const objects = new Map<string, Stored>()
  const uploads = new Map<string, Upload>()
  let settings: S3Settings = {}
  let calls: S3State['calls'] = {}
  let stale: Map<string, Stored> | undefined
  const spent = { fail: 0, lose: 0 }

  const control = async (request: IncomingMessage) => {
    settings = JSON.parse(await text(request)) as S3Settings
    stale = settings.staleLists === true ? new Map(objects) : undefined
    calls = {}
    Object.assign(spent, { fail: 0, lose: 0 })
  }

  const list = (query: URLSearchParams): string => {
    const prefix = query.get('prefix') ?? ''
    const after = query.get('continuation-token') ?? ''
    const found = [...(stale ?? objects)]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const most = Math.min(settings.pageSize ?? 1000, Number(query.get('max-keys') ?? 1000))
    const page = found.slice(0, most)
    const spell = (key: string) => (query.get('encoding-type') === 'url' ? encodeURIComponent(key) : escape(key))
    const entries = page.map(
      ([key, { bytes, etag, modifiedAt }]) =>
        `<Contents><Key>${spell(key)}</Key><LastModified>${new Date(modifiedAt).toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${bytes.length}</Size></Contents>`
    )
    const isTruncated = found.length > page.length
    const next = isTruncated ? `<NextContinuationToken>${escape(page.at(-1)?.[0] ?? '')}</NextContinuationToken>` : ''
    return `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`
  }

  const listUploads = (query: URLSearchParams): string => {
    const found = [...uploads].filter(([, { key }]) => key.startsWith(query.get('prefix') ?? ''))
    const entries = found.map(
      ([id, { key, begunAt }]) =>
        `<Upload><Key>${escape(key)}</Key><UploadId>${id}</UploadId><Initiated>${new Date(begunAt).toISOString()}</Initiated></Upload>`
    )
    return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListMultipartUploadsResult>`
  }

  const uploadOf = (query: URLSearchParams): Upload => {
    const upload = uploads.get(query.get('uploadId') ?? '')
    if (!upload) throw new S3Fault(404, 'NoSuchUpload')
    return upload
  }

  const complete = (key: string, query: URLSearchParams, body: Buffer): string => {
    const upload = uploadOf(query)
    const named = [...body.toString().matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: decode(/<ETag>(.*?)</.exec(part)?.[1] ?? '')
    }))
    const parts = named.map(({ number, etag }) => {
      const part = upload.parts.get(number)
      if (!part || `"${part.etag}"` !== etag) throw new S3Fault(400, 'InvalidPart')
      return part.bytes
    })
    for (const part of parts.slice(0, -1)) {
      if (part.length < MIN_PART_BYTES) throw new S3Fault(400, 'EntityTooSmall')
      if (part.length !== parts[0]?.length) throw new S3Fault(400, 'InvalidPart')
    }
    const etag = `${md5(Buffer.concat(named.map(({ etag: one }) => Buffer.from(one.replaceAll('"', ''), 'hex'))))}-${parts.length}`
    objects.set(key, { bytes: Buffer.concat(parts), etag, modifiedAt: Date.now(), contentType: upload.contentType })
    uploads.delete(query.get('uploadId') ?? '')
    return `<CompleteMultipartUploadResult><ETag>&quot;${etag}&quot;</ETag></CompleteMultipartUploadResult>`
  }

  const get = (
    request: IncomingMessage,
    response: ServerResponse,
    { key, query }: { key: string; query: URLSearchParams }
  ) => {
    const stored = objects.get(key)
    if (!stored) throw new S3Fault(404, 'NoSuchKey')
    const { bytes, etag, modifiedAt, contentType, contentEncoding } = stored
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const isRange = first !== undefined && last !== undefined && settings.ignoreRanges !== true
    if (isRange && Number(first) >= bytes.length) throw new S3Fault(416, 'InvalidRange')
    const end = isRange ? Math.min(Number(last), bytes.length - 1) : bytes.length - 1
    const body = isRange ? bytes.subarray(Number(first), end + 1) : bytes
    const lie = settings.lieBy ?? 0
    response.writeHead(isRange ? 206 : 200, {
      'content-length': body.length + lie,
      'content-type': query.get('response-content-type') ?? contentType,
      etag: `"${etag}"`,
      ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
      'last-modified': new Date(modifiedAt).toUTCString(),
      ...(query.has('response-content-disposition') && {
        'content-disposition': query.get('response-content-disposition') ?? ''
      }),
      ...(query.has('response-cache-control') && { 'cache-control': query.get('response-cache-control') ?? '' }),
      ...(isRange && { 'content-range': `bytes ${first}-${end}/${bytes.length + lie}` })
    })
    if (request.method === 'HEAD') return response.end()
    const most = settings.cutAfter ?? (lie < 0 ? body.length + lie : body.length)
    response.write(body.subarray(0, most), () => {
      if (most < body.length && lie === 0) response.destroy()
      else if (lie > 0) response.destroy()
      else response.end()
    })
  }

  const operationOf = (request: IncomingMessage, key: string, query: URLSearchParams): Operation | undefined => {
    const isPart = query.has('uploadId')
    switch (request.method) {
      case 'PUT':
        return isPart ? 'part' : request.headers['x-amz-copy-source'] === undefined ? 'put' : 'copy'
      case 'POST':
        return isPart ? 'complete' : query.has('uploads') ? 'create' : undefined
      case 'DELETE':
        return isPart ? 'abort' : 'delete'
      case 'GET':
        return key === ''
          ? query.has('uploads')
            ? 'listUploads'
            : query.get('list-type') === '2'
              ? 'list'
              : undefined
          : 'get'
      case 'HEAD':
        return 'head'
      default:
        return undefined
    }
  }

  const perform = (
    request: IncomingMessage,
    response: ServerResponse,
    call: { operation: Operation; key: string; query: URLSearchParams; body: Buffer }
  ): unknown => {
    const { operation, key, query, body } = call
    const contentType = request.headers['content-type'] ?? 'binary/octet-stream'
    const xml = (answer: string) => response.writeHead(200, { 'content-type': 'application/xml' }).end(answer)
    const contentEncoding = request.headers['content-encoding']
    const stored: Stored = { bytes: body, etag: md5(body), modifiedAt: Date.now(), contentType, contentEncoding }
    switch (operation) {
      case 'put':
        if (request.headers['if-none-match'] === '*' && objects.has(key)) throw new S3Fault(412, 'PreconditionFailed')
        objects.set(key, stored)
        return response.writeHead(200, { etag: `"${stored.etag}"` }).end()
      case 'copy': {
        const from = decodeURIComponent(String(request.headers['x-amz-copy-source']))
          .replace(`${BUCKET}/`, '')
          .replace(/^\//, '')
        const source = objects.get(from)
        if (!source) throw new S3Fault(404, 'NoSuchKey')
        const isReplaced = request.headers['x-amz-metadata-directive'] === 'REPLACE'
        const copied = { ...source, modifiedAt: Date.now() }
        objects.set(key, isReplaced ? { ...copied, contentType, contentEncoding: undefined } : copied)
        return xml(`<CopyObjectResult><ETag>&quot;${source.etag}&quot;</ETag></CopyObjectResult>`)
      }
      case 'create': {
        const id = randomUUID()
        uploads.set(id, { key, contentType, begunAt: Date.now(), parts: new Map() })
        return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
      }
      case 'part':
        uploadOf(query).parts.set(Number(query.get('partNumber')), stored)
        return response.writeHead(200, { etag: `"${stored.etag}"` }).end()
      case 'complete':
        return xml(complete(key, query, body))
      case 'abort':
        uploadOf(query)
        uploads.delete(query.get('uploadId') ?? '')
        return response.writeHead(204).end()
      case 'delete':
        objects.delete(key)
        return response.writeHead(204).end()
      case 'list':
        return xml(list(query))
      case 'listUploads':
        return xml(listUploads(query))
      case 'get':
      case 'head':
        return get(request, response, { key, query })
    }
  }

  const isDue = (
    wish: { operations: Operation[]; times?: number } | undefined,
    operation: Operation,
    kind: 'fail' | 'lose'
  ) => wish?.operations.includes(operation) === true && spent[kind]++ < (wish.times ?? Infinity)

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://s3')
    if (url.pathname === '/__control') {
      await control(request)
      return response.end()
    }
    if (url.pathname === '/__state') {
      const state: S3State = {
        keys: [...objects.keys()].sort(),
        unfinished: [...uploads.values()].map(({ key }) => key),
        calls
      }
      return response.end(JSON.stringify(state))
    }
    const body = await buffer(request)
    const fault = signatureFault(request, {
      url,
      body,
      credentials: S3_CREDENTIALS,
      now: Date.now() + (settings.aheadMs ?? 0)
    })
    if (fault !== undefined) throw new S3Fault(fault === 'AuthorizationHeaderMalformed' ? 400 : 403, fault)
    const { 'x-amz-checksum-sha256': checksum, ...others } = request.headers
    const unknown = Object.keys(others).find((name) => /^x-amz-(checksum|sdk-checksum|trailer)/.test(name))
    if (unknown !== undefined) throw new S3Fault(501, 'NotImplemented')
    if (checksum !== undefined && settings.knowsChecksums !== true) throw new S3Fault(501, 'NotImplemented')
    if (checksum !== undefined && checksum !== createHash('sha256').update(body).digest('base64')) {
      throw new S3Fault(400, 'BadDigest')
    }
    const [bucket, ...rest] = decodeURIComponent(url.pathname).slice(1).split('/')
    const key = rest.join('/')
    const operation = operationOf(request, key, url.searchParams)
    if (!operation) throw new S3Fault(501, 'NotImplemented')
    calls[operation] = (calls[operation] ?? 0) + 1
    if (bucket !== BUCKET || settings.noBucket === true) throw new S3Fault(404, 'NoSuchBucket')
    if (settings.hang?.includes(operation)) return undefined
    const { fail } = settings
    if (fail && isDue(fail, operation, 'fail')) throw new S3Fault(fail.status, fail.code)
    if (isDue(settings.loseAnswers, operation, 'lose')) response.writeHead = () => response.destroy()
    return perform(request, response, { operation, key, query: url.searchParams, body })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!(error instanceof S3Fault)) return response.destroy()
      response.writeHead(error.status, { 'content-type': 'application/xml' })
      return response.end(
        request.method === 'HEAD' ? '' : `<Error><Code>${error.code}</Code><Message>No.</Message></Error>`
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
