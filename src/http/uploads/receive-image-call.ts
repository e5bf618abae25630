import type { FastifyReply, FastifyRequest } from 'fastify'
import { fitWithin, formatSize } from '../../images/sizes.ts'
import type { ImageKind } from '../../images/image-request.ts'
import { errors } from '../../lib/errors.ts'
import type { Principal } from '../../lib/principal.ts'
import type { HttpContext } from '../http-context.ts'
import { type ParsedCall, parseImageRequest } from '../openai/parse-image-request.ts'
import { publicUrl } from '../public-url.ts'
import { jsonObject } from '../json-object.ts'
import { ImageInbox } from './image-inbox.ts'
import { lingerAfterAnswer } from './linger.ts'
import { readReferences } from './read-references.ts'
import { receiveForm } from './receive-form.ts'

export type UploadContext = Pick<HttpContext, 'config' | 'assets'>

/** A call with its images stored; they are the request's once it is submitted, until then `discard` takes them back. */
export interface ReceivedCall extends ParsedCall {
  discard: () => Promise<void>
}

/**
 * Reads an edit or variation, form or JSON, with its images streamed into the store. When anything is wrong nothing
 * stays stored, and the caller gets the answer even while still sending.
 */
export async function receiveImageCall(
  context: UploadContext,
  exchange: { kind: ImageKind; request: FastifyRequest; reply: FastifyReply }
): Promise<ReceivedCall> {
  const { kind, request, reply } = exchange
  const { limits, publicUrl: configuredUrl } = context.config
  try {
    if (isForm(request)) {
      return await receiveCall(context, kind, (inbox) =>
        receiveForm(request.raw, { inbox, maxFieldBytes: limits.maxBodyBytes })
      )
    }
    const fields = jsonObject(request.body)
    const baseUrl = publicUrl(request, configuredUrl)
    return await receiveJsonCall(context, { kind, fields, principal: request.principal, baseUrl })
  } catch (error) {
    lingerAfterAnswer(request, reply)
    throw error
  }
}

/** The same for the JSON of one call, wherever it was found. */
export const receiveJsonCall = (
  context: UploadContext,
  call: { kind: ImageKind; fields: Record<string, unknown>; principal: Principal; baseUrl: string }
): Promise<ReceivedCall> =>
  receiveCall(context, call.kind, (inbox) =>
    readReferences(call.fields, { inbox, assets: context.assets, principal: call.principal, baseUrl: call.baseUrl })
  )

async function receiveCall(
  { config, assets }: UploadContext,
  kind: ImageKind,
  read: (inbox: ImageInbox) => Promise<Record<string, unknown>>
): Promise<ReceivedCall> {
  const { limits } = config
  const inbox = new ImageInbox(assets, limits)
  try {
    const call = parseImageRequest(await read(inbox), { kind, limits })
    const { inputs, ownMask } = await inbox.finish({ lookForOwnMask: kind === 'edit' })
    if (kind === 'variation' && inputs.length > 1) throw errors.tooManyImages(1)
    limitAutomaticSize(call, inputs[0], limits.maxPixels)
    return { ...call, submission: { ...call.submission, inputs, ownMask }, discard: () => inbox.discard() }
  } catch (error) {
    await inbox.discard()
    throw error
  }
}

export const isForm = (request: FastifyRequest): boolean =>
  /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')

/** Without a size an edit is as large as its first image, as far as the limit allows. */
function limitAutomaticSize(
  call: ParsedCall,
  first: { width: number; height: number } | undefined,
  maxPixels: number
): void {
  const { parameters, warnings } = call.submission.image
  if (parameters.size || !first || first.width * first.height <= maxPixels) return
  parameters.size = fitWithin(first, maxPixels)
  warnings.push(
    `The image is ${formatSize(first)}, above the ${maxPixels} pixels allowed; ${formatSize(parameters.size)} was made.`
  )
}
