import { maskOf, type PlaygroundCall } from '../build-call.ts'
import type { SourceImage } from '../sources/source-image.ts'

/** A call as it is shown in code: it waits for its images, as most programs do. */
export interface CodeCall {
  kind: PlaygroundCall['kind']
  /** As the API spells them, without what is empty. */
  fields: Record<string, unknown>
  images: CodeImages
  /** Ends in `/v1`. */
  baseUrl: string
}

/** How images are sent: within JSON where nobody needs a file for that, else all of them as files of a form. */
export type CodeImages = { by: 'none' } | { by: 'json'; images: Reference[]; mask?: Reference } | CodeFiles

/** A stored image by its id, or the bytes of a painted mask as a data URL. */
export type Reference = { file_id: string } | { image_url: string }

export interface CodeFiles {
  by: 'file'
  files: CodeFile[]
  mask?: CodeFile
}

export interface CodeFile {
  name: string
  /** Of a stored image, which is fetched from here first. */
  url?: string
  /** Of one that only this browser has: where the page gets it. */
  localUrl?: string
}

export interface CodeCallOptions {
  /** Of the club, without a slash at its end. */
  origin: string
  /** The mask that was painted here, as a data URL; nobody else has it yet. */
  paintedMask?: string | undefined
}

export function codeCall(call: PlaygroundCall, options: CodeCallOptions): CodeCall {
  const { prompt, ...fields } = call.fields
  return {
    kind: call.kind,
    fields: { ...fields, ...(call.kind !== 'variation' && { prompt }) },
    images: imagesOf(call, options),
    baseUrl: `${options.origin}/v1`
  }
}

function imagesOf(call: PlaygroundCall, { origin: club, paintedMask }: CodeCallOptions): CodeImages {
  const { sources } = call
  if (sources.length === 0) return { by: 'none' }
  const mask = maskOf(call)
  const ids = sources.flatMap(({ origin }) => ('assetId' in origin ? [origin.assetId] : []))
  if (ids.length < sources.length) {
    const all = [...sources, ...(mask ? [{ name: 'mask.png', ...mask }] : [])]
    const files = all.map((image, index) => fileOf({ ...image, name: freeName(all, index) }, club))
    const [maskFile] = files.splice(sources.length)
    return { by: 'file', files, ...(maskFile && { mask: maskFile }) }
  }
  return {
    by: 'json',
    images: ids.map((id) => ({ file_id: id })),
    ...(mask && {
      mask: 'assetId' in mask.origin ? { file_id: mask.origin.assetId } : { image_url: paintedMask ?? '' }
    })
  }
}

/** All of a form's images, the mask last; none where the call is JSON. */
export const filesOf = ({ images }: CodeCall): CodeFile[] =>
  images.by === 'file' ? [...images.files, ...(images.mask ? [images.mask] : [])] : []

/** The clipboard calls every picture `image.png`. */
function freeName(images: readonly { name: string }[], index: number): string {
  const name = images[index]?.name ?? ''
  return images.slice(0, index).some((one) => one.name === name) ? `${index + 1}-${name}` : name
}

const fileOf = ({ name, origin, url }: Pick<SourceImage, 'name' | 'origin' | 'url'>, club: string): CodeFile =>
  'assetId' in origin ? { name, url: `${club}/api/inference/assets/${origin.assetId}/` } : { name, localUrl: url }

/** The JSON of a call without files. */
export function jsonBody({ fields, images }: CodeCall): Record<string, unknown> {
  if (images.by !== 'json') return fields
  return { ...fields, images: images.images, ...(images.mask && { mask: images.mask }) }
}

/** The fields of a form are texts: what is nested goes as JSON, what is null not at all. */
export const formFields = (fields: Record<string, unknown>): [string, string][] =>
  Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
