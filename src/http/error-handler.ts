import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, errors } from '../lib/errors.ts'
import type { Fault } from '../lib/fault.ts'
import { NO_PAGE_HEADERS, presentError, retryAfter } from '../lib/raw-answer.ts'
import type { HttpContext } from './http-context.ts'
import type { KnownPaths } from './known-paths.ts'
import { otherUseOf } from './other-uses.ts'

/** Answers paths that lead nowhere within a scope. */
export function handleUnknownRoutes(scope: FastifyInstance, known?: KnownPaths): void {
  scope.setNotFoundHandler((request, reply) => answerUnknownPath(request, reply, known))
}

/** 404, with the path that was meant when `known` has one like it. */
export function answerUnknownPath(request: FastifyRequest, reply: FastifyReply, known?: KnownPaths): FastifyReply {
  const path = request.url.split('?')[0] ?? ''
  const otherUse = otherUseOf(path)
  if (otherUse !== undefined) return sendError(reply, errors.imagesOnly(otherUse))
  return sendError(reply, errors.unknownPath(request.method, known?.meantBy(path)))
}

/** What Fastify refuses before any route or hook has seen it: a path that is badly encoded, or an endless id in it. */
export function answerBadPath(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers(NO_PAGE_HEADERS).header('x-request-id', request.id)
  const error =
    thrown.code === 'FST_ERR_BAD_URL'
      ? errors.invalidRequest('The path is not valid percent-encoding. Encode ids before putting them in a path.')
      : errors.unknownPath(request.method)
  sendError(reply, error)
}

/** The one place where a fact becomes an HTTP answer; `present` is for a scope that has errors of another shape. */
export function handleErrors(
  app: FastifyInstance,
  parts: Pick<HttpContext, 'logger' | 'findFault'>,
  present: (error: AppError) => object = presentError
): void {
  app.setErrorHandler((thrown: FastifyError | AppError, request, reply) =>
    sendError(reply, tellError(parts, thrown, request), present)
  )
}

/** What a caller is told of what was thrown. What an operator has to know of is logged. */
export function tellError(
  { logger, findFault }: Pick<HttpContext, 'logger' | 'findFault'>,
  thrown: unknown,
  request: FastifyRequest
): AppError {
  const error = thrown instanceof AppError ? thrown : (faultOf(thrown, findFault) ?? asAppError(thrown, request))
  if (isOurs(error)) {
    logger.error({ err: thrown, exchange: request.id, route: request.routeOptions.url }, 'a request failed')
  }
  return error
}

function faultOf(thrown: unknown, findFault: (error: unknown) => Fault | undefined): AppError | undefined {
  const fault = findFault(thrown)
  if (fault === undefined) return undefined
  return fault === 'storage' ? errors.storageUnavailable(thrown) : errors.databaseUnavailable(thrown)
}

/** Whether an operator has to know of it. What is full is told once by whoever watches it, and has no cause. */
const isOurs = ({ code, cause }: AppError): boolean =>
  code === 'internal_error' ||
  code === 'database_unavailable' ||
  (code === 'storage_unavailable' && cause !== undefined)

export function sendError(
  reply: FastifyReply,
  error: AppError,
  present: (error: AppError) => object = presentError
): FastifyReply {
  void reply.status(statusFor(reply, error)).headers(error.headers)
  if (error.retry !== undefined) void reply.header('x-should-retry', String(error.retry))
  if (error.retryAfterSeconds !== undefined) void reply.headers(retryAfter(error.retryAfterSeconds))
  return reply.send(present(error))
}

/** Content delivery networks put a page of theirs in place of a 502 or 504, and clients then repeat what was refused. */
function statusFor({ request }: FastifyReply, { status }: AppError): number {
  if (status !== 502 && status !== 504) return status
  // A call that cannot be read has not come to say how it reached us.
  return request.reached?.isThroughCdn ? (status === 502 ? 500 : 503) : status
}

/** What Fastify itself throws about a body, in our words. */
function asAppError(thrown: unknown, request: FastifyRequest): AppError {
  const { code, statusCode } = thrown as Partial<FastifyError>
  switch (code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return errors.invalidJson()
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return errors.requestTooLarge(`The body is larger than the ${request.routeOptions.bodyLimit} bytes allowed.`)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return wrongBodyType(request)
    default:
      break
  }
  // The body parser's own word for JSON that cannot be parsed, prototype poisoning included.
  if (thrown instanceof SyntaxError && statusCode === 400) return errors.invalidJson()
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return errors.invalidRequest('The request could not be understood.')
  }
  return errors.internal(request.id)
}

/** Names the types of body that the route takes, the usual one first. */
export function wrongBodyType(request: FastifyRequest): AppError {
  const { consumes = [] } = (request.routeOptions.schema ?? {}) as { consumes?: readonly string[] }
  return errors.unsupportedMediaType(
    consumes.includes('multipart/form-data')
      ? 'The body must be sent as multipart/form-data with the images as files, or as application/json.'
      : 'The body must be sent as application/json.'
  )
}
