import type { ErrorCode } from './errors.ts'

export interface ErrorMeaning {
  /** How HTTP spells it; the usual status first. */
  statuses: readonly [number, ...number[]]
  /** What it says and what helps, in one or two sentences of Markdown. */
  meaning: string
}

/** Codes that the dashboard alone is answered with. */
export type DashboardErrorCode = 'not_signed_in' | 'invitation_invalid' | 'invitation_other_email'
export type PublicErrorCode = Exclude<ErrorCode, DashboardErrorCode>

/** Every error that a caller of the API can meet, for the reference. A test compares it with the catalogue in `errors.ts`. */
export const ERROR_MEANINGS: Readonly<Record<PublicErrorCode, ErrorMeaning>> = {
  missing_prompt: { statuses: [400], meaning: 'There is no `prompt`, or a blank one.' },
  missing_model: { statuses: [400], meaning: 'There is no `model`. `GET /v1/models` lists those you can use.' },
  missing_file: { statuses: [400], meaning: 'An edit or variation came without an image.' },
  invalid_json: { statuses: [400], meaning: 'The body is not valid JSON.' },
  invalid_request: {
    statuses: [400, 408, 416, 421, 426],
    meaning:
      'A field has a value that is not possible, or one this version cannot honour; `param` names it. 408: the request did not arrive in time; 416: a range outside of the image; 421: the server does not answer to this host name; 426: agents alone connect here.'
  },
  invalid_size: {
    statuses: [400],
    meaning: '`size` is neither `auto` nor `WIDTHxHEIGHT`, or has more pixels than the server or your key allows.'
  },
  too_many_images: { statuses: [400], meaning: 'More source images than one request may have.' },
  invalid_mask: { statuses: [400], meaning: 'The mask has no transparency, or not the size of the first image.' },
  invalid_image: { statuses: [400], meaning: 'A source image is empty, cut off or damaged.' },
  image_too_large: { statuses: [400], meaning: 'A source image has too many pixels. Scale it down.' },
  remote_image_refused: {
    statuses: [400],
    meaning: 'An image is named by the URL of another host, and nothing is fetched from there. Send the image itself.'
  },
  content_rejected: {
    statuses: [400],
    meaning: 'The image server refused the content. The same again will not help; another prompt may.'
  },
  invalid_api_key: {
    statuses: [401],
    meaning: 'The API key is missing, unknown, expired or revoked, or its account was shut out.'
  },
  permission_denied: { statuses: [403], meaning: 'The key lacks the scope, or may not use the model.' },
  not_found: { statuses: [404], meaning: 'There is no such thing, or it is not yours.' },
  no_provider: {
    statuses: [404],
    meaning: 'No image provider serves the model to you. The message names models that are there.'
  },
  method_not_allowed: { statuses: [405], meaning: 'The path has other methods; `allow` lists them.' },
  conflict: {
    statuses: [409],
    meaning: 'It is not in a state in which that is possible, as a job that has not ended.'
  },
  idempotency_mismatch: {
    statuses: [409],
    meaning: 'The `Idempotency-Key` was used for a different request. Use a new key for each.'
  },
  canceled: { statuses: [409], meaning: 'Somebody canceled the request while you waited for it.' },
  file_too_large: { statuses: [413], meaning: 'A source image has too many bytes.' },
  request_too_large: {
    statuses: [413, 431],
    meaning: 'The prompt, the body, or the fields that are unknown here are too long; 431: the headers are.'
  },
  unsupported_media_type: {
    statuses: [415],
    meaning: 'A source image is no png, jpeg or webp, or the body has a type or coding that is not taken here.'
  },
  rate_limit_exceeded: {
    statuses: [429],
    meaning: 'Too many calls in a minute, or too much at once. Wait for `retry-after`.'
  },
  insufficient_quota: {
    statuses: [429],
    meaning: 'The images of the day or month, those at once, or the storage of your key or account are used up.'
  },
  internal_error: {
    statuses: [500],
    meaning: 'Our fault. The message holds the id of the exchange; tell it to the operator.'
  },
  upstream_error: {
    statuses: [502],
    meaning: 'The image server failed, and so did those that were tried after it.'
  },
  upstream_busy: {
    statuses: [503],
    meaning: 'The image servers that have the model cannot take work at the moment.'
  },
  queue_full: { statuses: [503], meaning: 'You, or all together, have as many images waiting as there may be.' },
  shutting_down: { statuses: [503], meaning: 'The server is restarting. Try again in a moment.' },
  storage_unavailable: { statuses: [503], meaning: 'The disk of the server is full, or an image cannot be read.' },
  database_unavailable: { statuses: [503], meaning: 'The database cannot be reached. Nothing was changed.' },
  timeout: {
    statuses: [504],
    meaning: 'The wait ended, the request goes on: the message names it, `GET /v1/jobs/{id}` fetches it.'
  }
}

export const PUBLIC_ERROR_CODES = Object.keys(ERROR_MEANINGS) as readonly PublicErrorCode[]
