import type { FastifyRequest } from 'fastify'
import type { ParameterName } from '../../images/fields.ts'
import { fitWithin, formatSize, USUAL_MULTIPLE } from '../../images/sizes.ts'
import type { ImageKind } from '../../images/image-request.ts'
import { wrongBodyType } from '../error-handler.ts'
import type { HttpContext } from '../http-context.ts'
import { type ParsedCall, parseImageRequest } from '../openai/parse-image-request.ts'
import { publicUrl } from '../public-url.ts'
import { jsonObject } from '../json-object.ts'
import { ImageInbox } from './image-inbox.ts'
import { readReferences } from './read-references.ts'
import { receiveForm } from './receive-form.ts'

const ALPHA_MASK = 'inference_club_alpha_mask' satisfies ParameterName

export type UploadContext = Pick<HttpContext, 'config' | 'assets'>

/** A call with its images stored; they are the request's once it is submitted, until then `discard` takes them back. */
export interface ReceivedCall extends ParsedCall {
  discard: () => Promise<void>
}

/**
 * Reads an edit or variation, form or JSON, with its images streamed into the store. When anything is wrong nothing
 * stays stored.
 */
export function receiveImageCall(
  context: UploadContext,
  { kind, request }: { kind: ImageKind; request: FastifyRequest }
): Promise<ReceivedCall> {
  return receiveCall(context, kind, async (inbox) => {
    if (request.form) return receiveForm(context, { headers: request.headers, body: request.form, inbox })
    if (request.body === undefined && request.headers['content-type'] === undefined) throw wrongBodyType(request)
    const fields = await readJson(context, { fields: jsonObject(request.body), request, inbox })
    request.lifted?.requireClaimed()
    return fields
  })
}

/** The same for the JSON of one call of several in a body. */
export const receiveJsonCall = (
  context: UploadContext,
  { kind, ...call }: { kind: ImageKind; fields: Record<string, unknown>; request: FastifyRequest }
): Promise<ReceivedCall> => receiveCall(context, kind, (inbox) => readJson(context, { ...call, inbox }))

const readJson = (
  context: UploadContext,
  { fields, request, inbox }: { fields: Record<string, unknown>; request: FastifyRequest; inbox: ImageInbox }
): Promise<Record<string, unknown>> =>
  readReferences(fields, {
    ...context,
    inbox,
    lifted: request.lifted,
    principal: request.principal,
    baseUrl: publicUrl(request, context.config.publicUrl)
  })

async function receiveCall(
  { config, assets }: UploadContext,
  kind: ImageKind,
  read: (inbox: ImageInbox) => Promise<Record<string, unknown>>
): Promise<ReceivedCall> {
  const { limits } = config
  const inbox = new ImageInbox(assets, { kind, limits })
  try {
    const call = parseImageRequest(await read(inbox), { kind, limits })
    const inputs = inbox.finish()
    const [first] = inputs
    limitAutomaticSize(call, first, limits.maxPixels)
    settleAlphaMask(call, { isMasked: inputs.some((input) => input.kind === 'mask'), hasAlpha: first.hasAlpha })
    return { ...call, submission: { ...call.submission, inputs }, discard: () => inbox.discard() }
  } catch (error) {
    await inbox.discard()
    throw error
  }
}

/** Says what becomes of the wish for the first image's transparency as the mask; leaves it out where there is none. */
function settleAlphaMask(call: ParsedCall, { isMasked, hasAlpha }: { isMasked: boolean; hasAlpha: boolean }): void {
  const { parameters, warnings } = call.submission.image
  if (!parameters.inference_club_alpha_mask) return
  if (!isMasked && hasAlpha) {
    warnings.push(
      `'${ALPHA_MASK}': what is fully transparent (alpha 0) in the first image was the mask; the rest stays.`
    )
    return
  }
  delete parameters.inference_club_alpha_mask
  const reason = isMasked ? "there is a 'mask'" : 'the first image has no transparency'
  warnings.push(`'${ALPHA_MASK}' was not used: ${reason}.`)
}

/** Without a size an edit is as large as its first image, as far as the limit allows. */
function limitAutomaticSize(call: ParsedCall, first: { width: number; height: number }, maxPixels: number): void {
  const { parameters, warnings } = call.submission.image
  if (parameters.size || first.width * first.height <= maxPixels) return
  parameters.size = fitWithin(first, { maxPixels, multipleOf: USUAL_MULTIPLE })
  parameters.size_unasked = true
  warnings.push(
    `The image is ${formatSize(first)}, above the ${maxPixels} pixels allowed; it is made ${formatSize(parameters.size)} at most.`
  )
}
