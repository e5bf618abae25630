import { maskOf, type PlaygroundCall } from '../build-call.ts'

/** A call as it is shown in code: it waits for its images, as most programs do. */
export interface CodeCall {
  kind: PlaygroundCall['kind']
  /** As the API spells them, without what is empty. */
  fields: Record<string, unknown>
  images: CodeImages
  /** Ends in `/v1`. */
  baseUrl: string
}

/** Images stored on the server are named by their ids; with any other among them all are files of the reader. */
export type CodeImages = { by: 'none' } | { by: 'id'; ids: string[]; mask?: string } | CodeFiles

export interface CodeFiles {
  by: 'file'
  names: string[]
  mask?: string
}

export function codeCall(call: PlaygroundCall, origin: string): CodeCall {
  const { prompt, ...fields } = call.fields
  return {
    kind: call.kind,
    fields: { ...fields, ...(call.kind !== 'variation' && { prompt }) },
    images: imagesOf(call),
    baseUrl: `${origin}/v1`
  }
}

function imagesOf(call: PlaygroundCall): CodeImages {
  const { sources } = call
  if (sources.length === 0) return { by: 'none' }
  const mask = maskOf(call)
  const ids = sources.map(({ origin }) => ('assetId' in origin ? origin.assetId : undefined))
  const maskId = mask && 'assetId' in mask.origin ? mask.origin.assetId : undefined
  if (ids.every((id) => id !== undefined) && (!mask || maskId !== undefined)) {
    return { by: 'id', ids, ...(maskId !== undefined && { mask: maskId }) }
  }
  return { by: 'file', names: sources.map(({ name }) => name), ...(mask && { mask: 'mask.png' }) }
}

/** The JSON of a call whose images, if any, are stored on the server. */
export function jsonBody({ fields, images }: CodeCall): Record<string, unknown> {
  if (images.by !== 'id') return fields
  return {
    ...fields,
    images: images.ids.map((id) => ({ file_id: id })),
    ...(images.mask !== undefined && { mask: { file_id: images.mask } })
  }
}

/** The fields of a form are texts: what is nested goes as JSON, what is null not at all. */
export const formFields = (fields: Record<string, unknown>): [string, string][] =>
  Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
