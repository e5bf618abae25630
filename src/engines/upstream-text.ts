import { isIPv6 } from 'node:net'

/** Long enough for any sentence, short enough that the patterns below stay cheap on hostile text. */
const MAX_READ_CHARS = 4_000
const MAX_SHOWN_CHARS = 300

const HTML = /<(?:!doctype|html|head|body|title|center|h1|pre)\b/i
const HTML_SENTENCE = 'The image server answered with a web page.'

/** Keys, and the account names that OpenAI puts into its rate limit messages. */
const SECRETS = [
  /\b(?:org|proj|req)[-_]\w{8,}/g,
  /\bBearer\s+\S+/gi,
  /\b(?:sk|pk|hf|ic|ghp|xai|api[-_]?key)[-_][\w*.-]{4,}/gi,
  /\b(?:api[-_ ]?key|token|password|secret)\s*[=:]\s*\S+/gi
]

const URL_LIKE = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>]*/gi
const IPV6_CANDIDATE = /(?<![\w:.])\[?([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)(?:%\w+)?(?:\](?::\d{1,5})?)?/gi
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.]*\d)/g
const PRIVATE_HOST =
  /\b(?:localhost|(?:[\w-]+\.)+(?:local|lan|home|internal|intranet|localdomain|arpa|ts\.net))\b(?::\d{1,5})?/gi
const HOST_AND_PORT = /\b(?=[\w.-]*[a-z])[a-z0-9][\w.-]*:\d{2,5}\b/gi

const QUOTED_PATH = /(["'`])(?:\/|~[\\/]|[a-z]:[\\/]|\\\\)[^"'`]*\1/gi
const WINDOWS_PATH = /(?:\b[a-z]:[\\/]|\\\\)[^\s"'`<>|]*/gi
const UNIX_PATH = /(?<![\w.)\]/])~?\/[^\s"'`,;()[\]{}<>/][^\s"'`,;()[\]{}<>]*/g
/** What is left of a path whose first part held a space, and paths below a server's own folder. */
const DEEP_PATH = /[^\s"'`,;:()[\]{}<>\\/]+(?:[\\/][^\s"'`,;:()[\]{}<>\\/]+){2,}/g

/**
 * The text of an image server's error as a caller may see it: one line of at most 300 characters without URLs,
 * addresses of the provider's network, file system paths or keys; a fixed sentence in place of a web page; empty
 * when nothing is left. `secrets` are removed wherever they occur, whatever they look like.
 */
export function sanitiseUpstreamText(text: string, secrets: readonly string[] = []): string {
  const withoutSecrets = secrets
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, '[key]'), text)
  const read = withoutSecrets.slice(0, MAX_READ_CHARS)
  if (HTML.test(read)) return HTML_SENTENCE
  return shorten(withoutPaths(withoutAddresses(withoutKeys(oneLine(read)))))
}

const oneLine = (text: string): string => text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()

const withoutKeys = (text: string): string => SECRETS.reduce((rest, pattern) => rest.replace(pattern, '[key]'), text)

const withoutAddresses = (text: string): string =>
  text
    .replace(URL_LIKE, '[address]')
    .replace(IPV6_CANDIDATE, (match, address: string) => (isIPv6(address) ? '[address]' : match))
    .replace(IPV4, '[address]')
    .replace(PRIVATE_HOST, '[address]')
    .replace(HOST_AND_PORT, '[address]')

const withoutPaths = (text: string): string =>
  text
    .replace(QUOTED_PATH, '[path]')
    .replace(WINDOWS_PATH, '[path]')
    .replace(UNIX_PATH, '[path]')
    .replace(DEEP_PATH, '[path]')

const shorten = (text: string): string =>
  text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS - 1).toWellFormed()}…`

/**
 * The sentence in an image server's error body, not yet fit for callers. Servers spell it as `error.message`,
 * `error`, `message`, `detail.msg`, `detail` or `detail[0].msg`, stable-diffusion-webui as `errors`; a body that is not JSON is its own sentence.
 */
export function upstreamErrorText(body: string): string {
  const parsed = parseJson(body)
  if (parsed === undefined) return body
  // Google wraps its errors in a list.
  const { error, errors, message, detail } = members(Array.isArray(parsed) ? parsed[0] : parsed)
  const firstDetail: unknown = Array.isArray(detail) ? detail[0] : undefined
  const spellings = [
    members(error).message,
    errors,
    error,
    message,
    members(detail).msg,
    detail,
    members(firstDetail).msg
  ]
  return (spellings.find((text) => typeof text === 'string' && text.trim() !== '') as string | undefined) ?? ''
}

/** The members of a JSON object; none of anything else. */
export const members = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** Undefined when the text is not JSON. A byte order mark before it is passed over, as RFC 8259 (8.1) allows. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
