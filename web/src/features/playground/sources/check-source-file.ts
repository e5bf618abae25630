import { callLimits } from '../../../lib/call-limits.ts'

const HEAD_BYTES = 12

/** What the server would refuse of a file, told before it is sent; undefined: nothing. */
export async function checkSourceFile(file: File): Promise<string | undefined> {
  if (file.size === 0) return `${file.name} is empty.`
  const { maxUploadBytes } = callLimits()
  if (file.size > maxUploadBytes) {
    return `${file.name} is ${inMebibytes(file.size)} MiB. Images may have up to ${inMebibytes(maxUploadBytes)} MiB.`
  }
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  return isKnownImage(head) ? undefined : `${file.name} is not a png, jpeg or webp image.`
}

const inMebibytes = (bytes: number): number => Math.ceil(bytes / 1024 ** 2)

/** By content: what a file is called, or what its type is said to be, does not count on the server either. */
function isKnownImage(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head)
  return (
    text.startsWith('\x89PNG\r\n\x1a\n') ||
    text.startsWith('\xff\xd8\xff') ||
    (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP')
  )
}
