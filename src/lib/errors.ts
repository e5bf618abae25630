import { toIsoSecond } from './clock.ts'
import { HOUR_MS } from './durations.ts'
import { nameOthers, type NoProvider, noProviderWords, type Others } from './no-provider-words.ts'
import type { Scope } from './principal.ts'
import { type Loss, wouldDeleteWords } from './would-delete-words.ts'
import { type ReachedLimit, reachedWords } from './wait-reasons.ts'

/**
 * The catalogue of everything this product says no with. One function per fact; the code is stable and public
 * (it is both `type` and `code` on the wire), the status is how HTTP spells it.
 */
export interface AppErrorOptions {
  code: ErrorCode
  status: number
  message: string
  param?: string | null
  /** What is wrong with each field, by its name, where more than one may be. */
  fields?: Readonly<Record<string, string>>
  /** False when the same call again cannot help, so that SDKs do not do the work three times. */
  retry?: boolean
  /** Seconds; at most 59 where clients are to come back by themselves, because official ones ignore longer ones. */
  retryAfterSeconds?: number
  /** Further response headers that belong to the answer (`allow`, `www-authenticate`, …). */
  headers?: Record<string, string>
  cause?: unknown
}

export type ErrorCode =
  | 'missing_prompt'
  | 'missing_file'
  | 'missing_model'
  | 'file_too_large'
  | 'request_too_large'
  | 'unsupported_media_type'
  | 'no_provider'
  | 'upstream_error'
  | 'upstream_busy'
  | 'invalid_json'
  | 'invalid_request'
  | 'invalid_size'
  | 'too_many_images'
  | 'invalid_mask'
  | 'invalid_image'
  | 'image_too_large'
  | 'remote_image_refused'
  | 'content_rejected'
  | 'invalid_api_key'
  | 'not_signed_in'
  | 'invitation_invalid'
  | 'invitation_other_email'
  | 'permission_denied'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'idempotency_mismatch'
  | 'canceled'
  | 'rate_limit_exceeded'
  | 'insufficient_quota'
  | 'internal_error'
  | 'queue_full'
  | 'shutting_down'
  | 'storage_unavailable'
  | 'database_unavailable'
  | 'timeout'

export class AppError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly param: string | null
  readonly fields: Readonly<Record<string, string>> | undefined
  readonly retry: boolean | undefined
  readonly retryAfterSeconds: number | undefined
  readonly headers: Record<string, string>

  constructor(options: AppErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = options.code
    this.status = options.status
    this.param = options.param ?? null
    this.fields = options.fields
    this.retry = options.retry
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers ?? {}
  }
}

type Extra = Omit<Partial<AppErrorOptions>, 'code' | 'status' | 'message'>
const make =
  (code: ErrorCode, status: number, defaults: Extra = {}) =>
  (message: string, extra: Extra = {}) =>
    new AppError({ code, status, message, ...defaults, ...extra })

const badRequest = make('invalid_request', 400)
/** As many as a message can name. */
const MOST_FIELDS_NAMED = 50
const quoted = (models: readonly string[]) => models.map((id) => `'${id}'`).join(', ')

/** Several SDKs obey only what is shorter than a minute. */
const LONGEST_ADVICE_S = 59
/** When nobody knows how long an image server stays busy. */
const BUSY_ADVICE_S = 30
const upstreamBusy = (message: string, retryAfterSeconds: number, extra: Extra = {}) =>
  make('upstream_busy', 503)(message, {
    retryAfterSeconds: Math.min(LONGEST_ADVICE_S, Math.max(1, retryAfterSeconds)),
    ...extra
  })

/** Where somebody finds a key that may, by what theirs lacks. */
const KEY_ADVICE: Record<Scope, string> = {
  generate:
    'A key made to connect a machine makes no images: use another, or make one in the dashboard under API keys.',
  agent: "Use the key of that machine: 'Connect a machine' in the dashboard's Network page makes one.",
  usage: "Make one in the dashboard under API keys, with 'usage' among its permissions.",
  admin: "An admin makes one in the dashboard under API keys, with 'admin' among its permissions."
}

/** How an error that ended a request is spelled in HTTP; what is not named is the provider's. */
const RECORDED_STATUS: Partial<Record<ErrorCode, number>> = {
  content_rejected: 400,
  invalid_request: 400,
  no_provider: 404,
  canceled: 409
}

/** `param` is the field as the caller spelled it. Messages never hold an internal address, a stack or a key. */
export const errors = {
  missingPrompt: () =>
    make('missing_prompt', 400)("'prompt' is required: describe the image you want.", { param: 'prompt' }),
  missingModel: () =>
    make('missing_model', 400)("'model' is required: name one of the models listed at GET /v1/models.", {
      param: 'model'
    }),
  missingFile: (param = 'image') =>
    make('missing_file', 400)(`'${param}' is required: send at least one png, jpeg or webp image.`, { param }),
  fileTooLarge: (param: string, maxBytes: number) =>
    make('file_too_large', 413)(
      `'${param}' is larger than the limit of ${maxBytes} bytes. Send a smaller or more compressed file.`,
      { param }
    ),
  requestTooLarge: (message: string, param: string | null = null) => make('request_too_large', 413)(message, { param }),
  unsupportedMediaType: (message: string, param: string | null = null) =>
    make('unsupported_media_type', 415)(message, { param }),
  /** For a body; `accepted` are codings of HTTP. */
  unsupportedEncoding: (accepted: readonly string[]) =>
    make('unsupported_media_type', 415, { headers: { 'accept-encoding': accepted.join(', ') } })(
      `The body has a 'content-encoding' that is not understood here. Use one of ${accepted.join(', ')}, or none.`
    ),
  invalidJson: () => make('invalid_json', 400)('The body is not valid JSON. Check quotes, commas and encoding.'),
  invalidRequest: (message: string, param: string | null = null) => badRequest(message, { param }),
  /** Several fields at once, by their names; each sentence names its field. */
  invalidFields: (mistakes: ReadonlyMap<string, string>) => {
    const told = [...mistakes].slice(0, MOST_FIELDS_NAMED)
    return badRequest(told.map(([, sentence]) => sentence).join(' '), {
      param: told[0]?.[0] ?? null,
      fields: Object.fromEntries(told)
    })
  },
  unknownCursor: () =>
    badRequest("'after' is not the id of anything in this list. Begin again without it.", { param: 'after' }),
  invalidSize: (message: string, param = 'size') => make('invalid_size', 400)(message, { param }),
  tooManyImages: (max: number, param = 'image') =>
    make('too_many_images', 400)(`At most ${max} images can be sent with one request.`, { param }),
  invalidMask: (message: string) => make('invalid_mask', 400)(message, { param: 'mask' }),
  invalidImage: (message: string, param: string | null = 'image') => make('invalid_image', 400)(message, { param }),
  /** `pixels` says how many are allowed, and of what. */
  imageTooLarge: (param: string, pixels: string) =>
    make('image_too_large', 400)(`'${param}' has more than the ${pixels} allowed. Scale it down first.`, { param }),
  remoteImageRefused: (param: string) =>
    make('remote_image_refused', 400)(
      `'${param}' points to another host. Send the image itself, a data: URL, or the URL or id of an image stored here.`,
      { param }
    ),
  contentRejected: (message: string) => make('content_rejected', 400, { retry: false })(message),
  invalidApiKey: (
    why = "The API key is missing, unknown, expired or revoked. Send it as 'Authorization: Bearer ic_…'."
  ) => make('invalid_api_key', 401, { headers: { 'www-authenticate': 'Bearer' } })(why),
  notSignedIn: () => make('not_signed_in', 401)('You are not signed in, or your session has ended. Sign in again.'),
  permissionDenied: (needed: Scope) =>
    make(
      'permission_denied',
      403
    )(`This API key may not do that: it lacks the '${needed}' permission. ${KEY_ADVICE[needed]}`),
  roleDenied: () => make('permission_denied', 403)('Your account may not do that. Ask an admin.'),
  notYourProvider: () => make('permission_denied', 403)('Only the owner of a provider, or an admin, may change it.'),
  notYourMachine: () =>
    make(
      'permission_denied',
      403
    )('Only the owner of a machine may change what it offers, to whom, and how much, and what it loads.'),
  otherSite: () =>
    make(
      'permission_denied',
      403
    )('This call came from a page of another site. Open the dashboard itself and try again.'),
  modelNotAllowed: (model: string) =>
    make('permission_denied', 403)(`You may not use the model '${model}'. GET /v1/models lists those you may.`, {
      param: 'model'
    }),
  insufficientQuota: (message: string) => make('insufficient_quota', 429, { retry: false })(message),
  rateLimited: (message: string, retryAfterSeconds: number) =>
    make('rate_limit_exceeded', 429)(message, { retryAfterSeconds: Math.min(LONGEST_ADVICE_S, retryAfterSeconds) }),
  notFound: (what: string) => make('not_found', 404)(`${what} was not found, or is not yours.`),
  /** `meant` is the path that the caller most likely wanted. */
  unknownPath: (method: string, meant?: string) =>
    make(
      'not_found',
      404
    )(
      meant === undefined
        ? `There is nothing at this path that takes ${method}, or it is not yours.`
        : `There is nothing at this path that takes ${method}. Did you mean ${meant}?`
    ),
  /** `missing` is a path of OpenAI's API for something else. */
  imagesOnly: (missing: string) =>
    make(
      'not_found',
      404
    )(`This gateway makes images only, and has no ${missing}. Images are made with POST /v1/images/generations.`),
  headersTooLarge: () =>
    make(
      'request_too_large',
      431
    )('The headers of the request are larger than the 16 KiB allowed. Send fewer of them.'),
  requestTimedOut: () => make('invalid_request', 408)('The request did not arrive in time. Send it again.'),
  methodNotAllowed: (method: string, allowed: readonly string[]) =>
    make('method_not_allowed', 405)(`${method} is not possible here. Use ${allowed.join(' or ')}.`, {
      headers: { allow: allowed.join(', ') }
    }),
  otherHost: (host: string) =>
    make(
      'invalid_request',
      421
    )(
      `This server does not answer to '${host}'. Its operator can name it in INFERENCE_CLUB_PUBLIC_URL or INFERENCE_CLUB_ALLOWED_HOSTS.`
    ),
  webSocketOnly: () =>
    make('invalid_request', 426, { headers: { upgrade: 'websocket', connection: 'upgrade' } })(
      'Agents connect here by WebSocket. If this is one, a proxy in between does not pass the header Upgrade on.'
    ),
  noProvider: (known: NoProvider) => make('no_provider', 404)(noProviderWords(known), { param: 'model' }),
  /**
   * The model is served, but not with these LoRAs: `missing` are those that no machine has, the others those that
   * callers may name; `isAway`: a machine that has them all is not there now.
   */
  noLoras: (
    model: string,
    {
      loras,
      missing,
      isAway,
      ...offered
    }: { loras: readonly string[]; missing: readonly string[]; isAway: boolean } & Others
  ) => {
    const [wanted, together] = missing.length > 0 ? [missing, ''] : [loras, ' together']
    const what = `${wanted.length === 1 ? 'the LoRA' : 'the LoRAs'} ${quoted(wanted)}${together}`
    const hint = isAway
      ? ' A machine that does is away: with "async": true the image waits for it.'
      : nameOthers(offered, { none: 'None can be used now' }) || " Leave out 'loras'."
    return make('no_provider', 404)(`No machine that serves '${model}' for you has ${what}.${hint}`, {
      param: 'loras'
    })
  },
  /** What serves it is paused; `own` is what the caller calls it, when it is theirs. */
  offersPaused: (model: string, own: string | undefined) =>
    make('no_provider', 404)(
      own === undefined
        ? `What serves '${model}' is paused for now. Try again later, or have it made then with "async": true.`
        : `Your machine '${own}' serves '${model}', and is paused. Resume it on its page in the dashboard, or have the image made then with "async": true.`,
      { param: 'model' }
    ),
  /** There is a provider, but its owner does not serve this caller. Nobody is named: it is between the two. */
  notServed: (model: string, { owners, ...others }: { owners: number } & Others) =>
    make('no_provider', 404)(
      (owners === 1
        ? `The owner of the provider that serves '${model}' does not serve your account.`
        : `The owners of the providers that serve '${model}' do not serve your account.`) + nameOthers(others),
      { param: 'model' }
    ),
  upstreamError: (message: string) => make('upstream_error', 502, { retry: false })(message),
  /** Every image server that could do it asked for patience, or cannot begin. */
  upstreamBusy,
  /** Owners, or of new machines the club, let others have so many images within an hour; there may be more at `until`, UTC milliseconds. */
  upstreamCapped: ({ until, ...limit }: ReachedLimit & { until?: number }, now: number) => {
    const seconds = until === undefined ? Infinity : Math.ceil((until - now) / 1000)
    const when = until === undefined ? 'Try again later.' : `There may be more at ${toIsoSecond(until)}.`
    return upstreamBusy(
      `${reachedWords(limit)} ${when}`,
      seconds,
      // An SDK that waited as long as it obeys would be told the same; others are told the truth.
      seconds > LONGEST_ADVICE_S ? { retry: false, retryAfterSeconds: Math.min(seconds, HOUR_MS / 1000) } : {}
    )
  },
  conflict: (message: string) => make('conflict', 409, { retry: false })(message),
  /** What keeps less than before deletes, so it is said twice. */
  wouldDelete: (loss: Loss) => make('conflict', 409, { retry: false })(wouldDeleteWords(loss), { param: 'mayDelete' }),
  takenDown: () =>
    make('conflict', 409, { retry: false })(
      'An admin has taken this request down. It may be PRIVATE or SECRET, and has no share links, until an admin lifts that.'
    ),
  /** An error of one request of a batch, naming which. */
  inBatch: (index: number, error: AppError) => {
    const place = `requests[${index}]`
    return new AppError({
      code: error.code,
      status: error.status,
      message: `${place}: ${error.message}`,
      param: error.param === null ? place : `${place}.body.${error.param}`,
      ...(error.retry !== undefined && { retry: error.retry }),
      ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
      cause: error
    })
  },
  /** The key outlives what it made by a day, so that a late retry does not do deleted work again. */
  deletedSince: () =>
    make(
      'not_found',
      404
    )('The request that was made with this Idempotency-Key has been deleted. Use a new key to make it again.'),
  idempotencyMismatch: () =>
    make('idempotency_mismatch', 409, { retry: false })(
      'This Idempotency-Key was used for a different request. Use a new key for each new request.'
    ),
  leaseLost: () =>
    make('conflict', 409, { retry: false })('This attempt is no longer yours: the image is not wanted any more.'),
  /** The sender is to try again, should it still be there. */
  deliverySuperseded: () =>
    make('rate_limit_exceeded', 429, { retryAfterSeconds: 1 })(
      'An attempt delivers one image at a time, and a later delivery has taken the place of this one.'
    ),
  emailTaken: () =>
    make('conflict', 409, { retry: false })('Somebody else has this e-mail address here already. Use another one.', {
      param: 'email'
    }),
  registrationClosed: () => make('permission_denied', 403)('You need an invitation to join. Ask an admin for one.'),
  otherOrigin: () =>
    make(
      'permission_denied',
      403
    )(
      'This call did not come from a page of this server. If it did, the server does not know its own address: the operator has to set INFERENCE_CLUB_PUBLIC_URL, or INFERENCE_CLUB_TRUST_PROXY behind a proxy.'
    ),
  alreadyHere: () =>
    make('conflict', 409, { retry: false })('Somebody with this e-mail address is here already.', { param: 'email' }),
  invitationInvalid: (why = 'This link is not valid.') =>
    make('invitation_invalid', 404, { retry: false })(`${why} Ask for a new one.`),
  invitationForAnother: () =>
    make('invitation_other_email', 403, { retry: false })('This invitation is for another e-mail address.', {
      param: 'email'
    }),
  tooManySignIns: (retryAfterSeconds: number) =>
    make('rate_limit_exceeded', 429)('Too many tries to sign in. Wait a few minutes, then try again.', {
      retryAfterSeconds
    }),
  queueFull: (message: string) => make('queue_full', 503, { retryAfterSeconds: 10 })(message),
  shuttingDown: (message = 'The server is restarting. Try again in a moment.') =>
    make('shutting_down', 503, { retryAfterSeconds: 5 })(message),
  storageUnavailable: (cause?: unknown) =>
    make('storage_unavailable', 503, { retryAfterSeconds: 10 })(
      'The storage of the server cannot be written or read at the moment. Nothing was changed; try again.',
      { cause }
    ),
  bytesDamaged: (cause?: unknown) =>
    make('storage_unavailable', 503, { retry: false, retryAfterSeconds: LONGEST_ADVICE_S })(
      "This server's copy of the image is missing or damaged. Its admins are told; send the image again, or have it made again.",
      { cause }
    ),
  /** Nothing is wrong with what is stored: there is only too little room for more. */
  storageFull: () =>
    make('storage_unavailable', 503, { retryAfterSeconds: 30 })(
      'The server has too little free disk space to take new work at the moment. Nothing was changed; try again later.'
    ),
  databaseUnavailable: (cause?: unknown) =>
    make('database_unavailable', 503, { retryAfterSeconds: 5 })(
      'The database cannot be reached at the moment. Nothing was changed; try again.',
      { cause }
    ),
  timeout: (requestId: string) =>
    make('timeout', 504, { retry: false })(
      `The image is not finished yet. The request goes on as '${requestId}': fetch it at GET /v1/jobs/${requestId}.`
    ),
  /** An error that was written down with a request, told again. */
  recorded: (code: ErrorCode, message: string, param: string | null = null) =>
    code === 'upstream_busy'
      ? upstreamBusy(message, BUSY_ADVICE_S)
      : make(code, RECORDED_STATUS[code] ?? 502, { retry: false })(message, {
          param: code === 'no_provider' ? 'model' : param
        }),
  internal: (exchangeId: string) =>
    make('internal_error', 500)(`Something went wrong on our side. Tell the operator this id: ${exchangeId}.`)
} as const
