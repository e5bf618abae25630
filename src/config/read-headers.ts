import type { YamlValue } from './yaml-value.ts'

const MOST_HEADERS = 20
const LONGEST_NAME = 100
const LONGEST_VALUE = 4000

/** Of the connection or of the body: whoever sends the call decides them (RFC 9110, 7.6.1 among others). */
const NOT_SETTABLE = [
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
]

/**
 * Header fields for every call to an image server, by lower-case name. Blank ones are left out, as everywhere in the
 * file. `signsIn` says what else of the service needs the field `authorization`.
 */
export function readHeaders(value: YamlValue, { signsIn }: { signsIn: string | undefined }): Record<string, string> {
  const headers = new Map<string, string>()
  for (const { key, value: written } of value.entries({ maxItems: MOST_HEADERS })) {
    const name = key.toLowerCase()
    // A name that is none is not repeated: it may be a secret without its colon.
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(key) || key.length > LONGEST_NAME) {
      written.mistake('is not the name of a header')
    } else if (NOT_SETTABLE.includes(name)) {
      written.mistake('cannot be set: it belongs to the connection or the body')
    } else if (headers.has(name)) {
      written.mistake('is set above already')
    } else if (name === 'authorization' && signsIn !== undefined) {
      written.mistake(`cannot be set beside ${signsIn}`)
    } else {
      const text = written.text({ maxChars: LONGEST_VALUE, check: checkHeaderValue })
      if (text !== undefined) headers.set(name, text)
    }
  }
  return Object.fromEntries(headers)
}

const checkHeaderValue = (text: string): string | undefined =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? undefined : 'must be one line of Latin letters, digits and signs'
