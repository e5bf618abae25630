import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { inBackground } from '../lib/async.ts'

export interface ArchiveFile {
  name: string
  modifiedAt: Date
  content: AsyncIterable<Uint8Array> | string
  /** As it is: nothing is gained by compressing it. */
  isCompressed?: boolean
}

/**
 * A ZIP archive of these files (ZIP64 where it has to be), made as it is read: each is asked for when the one before it is in,
 * and of those that are in nothing is held but what the list at the end says of them. The stream fails with what asking for
 * them, or reading one, failed with.
 */
export function createArchive(files: AsyncIterable<ArchiveFile>): Readable {
  const zip = new ZipFile()
  const archive = zip.outputStream as Readable
  const fail = (error: unknown) => void archive.destroy(error as Error)
  zip.on('error', fail)
  inBackground(addAll(zip, files), fail)
  return archive
}

async function addAll(zip: ZipFile, files: AsyncIterable<ArchiveFile>): Promise<void> {
  for await (const { name, modifiedAt: mtime, content, isCompressed = false } of files) {
    const stream = Readable.from(typeof content === 'string' ? [Buffer.from(content)] : content, { objectMode: false })
    add(zip, { name, stream, options: { mtime, mode: 0o100644, compress: !isCompressed } })
    await finished(stream)
  }
  zip.end()
}

/** The archive keeps the function for good: it must not keep the stream. */
function add(
  zip: ZipFile,
  file: { name: string; stream: Readable; options: { mtime: Date; mode: number; compress: boolean } }
) {
  let waiting: Readable | undefined = file.stream
  zip.addReadStreamLazy(file.name, file.options, (done) => {
    const stream = waiting
    waiting = undefined
    if (stream) done(null, stream)
  })
}
