import { members, parseJson, upstreamErrorText } from '../upstream-text.ts'
import type { UpstreamAnswer } from '../upstream-http.ts'

/** Which fields of a call an image server would not take. */
export interface Refusal {
  /** Of those that were sent; empty when the answer is no refusal or names none of them. */
  names: string[]
  /** It does not know them at all, whatever their values. */
  isUnknown: boolean
}

const NONE: Refusal = { names: [], isUnknown: false }

/** Beside the two of bad requests: servers that let an exception of their library through. */
const STATUSES = [400, 422, 500, 501]
const MAX_READ_CHARS = 8000

/**
 * Phrases of OpenAI, Azure, LiteLLM, vLLM, pydantic 1 and 2, JSON Schema, zod, Go, serde, Jackson, Google, xAI, AWS and
 * of Python's own `TypeError`.
 */
const UNKNOWN =
  /\b(?:unknown|unsupported|unrecogni[sz]ed|unexpected|unpermitted|extraneous|extra_forbidden|extra (?:inputs?|fields?)|additional propert\w+)\b|\bnot (?:supported|allowed|permitted|recogni[sz]ed|accepted|known|implemented)\b|\b(?:does not|doesn't) (?:support|accept|allow|recogni[sz]e|know)\b|cannot find field/i
const WRONG = /\b(?:invalid|must|should|illegal|out of range|not (?:a )?valid|required to be)\b/i
/** What follows names the fields that the server would take. */
const KNOWN_ONES =
  /\b(?:expected one of|must be one of|known propert\w+|(?:supported|allowed|valid|permitted|accepted|available) (?:parameters|fields|values|keys|arguments|options|inputs|ones)|did you mean|you sent|received input|input:)/i

/**
 * Reads which of the fields that were `sent` an answer refuses: those its members name (`param`, pydantic's `loc`, zod's
 * `keys` and `path`), else those its sentence names beside words of refusal.
 */
export function readRefusal({ status, body }: UpstreamAnswer, sent: readonly string[]): Refusal {
  if (!STATUSES.includes(status)) return NONE
  const text = upstreamErrorText(body).slice(0, MAX_READ_CHARS)
  const parsed = parseJson(body.slice(0, 10 * MAX_READ_CHARS))
  const isUnknown = UNKNOWN.test(text) || UNKNOWN.test(codesOf(parsed).join(' ').replaceAll('_', ' '))
  const named = status < 500 ? sent.filter((name) => placesOf(parsed).some((place) => isPlaceOf(place, name))) : []
  if (named.length > 0) return { names: named, isUnknown }
  if (!isUnknown && (status >= 500 || !WRONG.test(text))) return NONE
  const [before = ''] = text.split(KNOWN_ONES)
  return { names: sent.filter((name) => isNamedIn(before, name)), isUnknown }
}

/** The errors of a body, whether it holds one, a list of them, or wraps either. */
function errorsOf(parsed: unknown): Record<string, unknown>[] {
  const bodies = (Array.isArray(parsed) ? parsed.slice(0, 20) : [parsed]).map(members)
  return bodies.flatMap((body) =>
    [body, body.error, body.detail, body.errors, body.issues, members(body.error).issues, members(body.error).details]
      .flatMap((part) => (Array.isArray(part) ? (part.slice(0, 50) as unknown[]) : [part]))
      .map(members)
  )
}

const codesOf = (parsed: unknown): string[] =>
  errorsOf(parsed)
    .flatMap(({ code, type }) => [code, type])
    .filter((code) => typeof code === 'string')

function placesOf(parsed: unknown): string[] {
  return errorsOf(parsed).flatMap(({ param, loc, path, keys, field }) => [
    ...[param, field].filter((place) => typeof place === 'string'),
    ...[loc, path].flatMap((place) => (Array.isArray(place) ? [place.filter(isText).at(-1) ?? ''] : [])),
    ...(Array.isArray(keys) ? keys.filter(isText) : [])
  ])
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** `seed`, `body.seed`, `$.seed`, `/seed`, `seed[0]`. */
const isPlaceOf = (place: string, name: string): boolean =>
  place === name ||
  place
    .slice(0, 200)
    .split(/[.$/[\]]/)
    .includes(name)

/** Words that sentences about other things hold, too. */
const PLAIN_WORDS = ['n', 'model', 'prompt']

/** As a word of its own; one that sentences hold anyway only where it cannot be anything else. */
function isNamedIn(text: string, name: string): boolean {
  const word = name.replace(/[^\w]/g, '\\$&')
  if (name === 'stream') return /\bstream(?:ing|ed)?\b/i.test(text)
  const pattern = !PLAIN_WORDS.includes(name)
    ? `(?<![\\w-])${word}(?![\\w-])`
    : `["'\`]${word}["'\`]|\\b(?:parameters?|arguments?|fields?|supplied)\\b:? ${word}(?![\\w-])`
  return new RegExp(pattern).test(text)
}
