import { stat } from 'node:fs/promises'
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { findUrlSecret } from '../lib/url-secrets.ts'
import { writtenPart } from './expand-variables.ts'
import { isOpenToOthers } from './read-key-file.ts'

/** What is sent in these lets nobody in; what is sent in any other may. */
const HARMLESS_HEADERS = /^(?:accept(?:-[\w-]+)?|user-agent|referer|http-referer|origin|x-title)$/i
/** Of a file with a hundred services the first say what it is about. */
const MOST_NAMED = 5

/**
 * What whoever reads an `agent.yaml` learns that they should not, in words: "the gateway's key", "the password in comfy's url". Of a
 * variable the file holds its name and its default alone.
 */
export function listWrittenSecrets(document: Document): string[] {
  const resolved = (node: unknown) => (isAlias(node) ? node.resolve(document) : node)
  // What was put in is no node yet.
  const textOf = (node: unknown): string => {
    const there = resolved(node)
    const value = isScalar(there) ? there.value : there
    return typeof value === 'string' || typeof value === 'number' ? writtenPart(String(value)).trim() : ''
  }
  const ofService = (node: unknown): string[] => {
    const service = resolved(node)
    if (!isMap(service)) return []
    const name = textOf(service.get('name', true)) || 'a service'
    const inUrl = findUrlSecret(textOf(service.get('url', true)))
    const headers = resolved(service.get('headers', true))
    const sent = isMap(headers) ? headers.items.filter(({ value }) => textOf(value) !== '') : []
    return [
      ...(inUrl === undefined ? [] : [`the ${inUrl} in ${name}'s url`]),
      ...(textOf(service.get('api_key', true)) === '' ? [] : [`${name}'s api_key`]),
      ...sent
        .map(({ key }) => textOf(key))
        .filter((header) => !HARMLESS_HEADERS.test(header))
        .map((header) => `${name}'s header ${header}`)
    ]
  }
  const root = document.contents
  if (!isMap(root)) return []
  const services = resolved(root.get('services', true))
  return [
    ...(textOf(root.get('api_key', true)) === '' ? [] : [GATEWAY_KEY]),
    ...(isSeq(services) ? services.items.flatMap(ofService) : [])
  ]
}

const GATEWAY_KEY = "the gateway's key"

/** What the owner of an `agent.yaml` should know when others on the machine can read it and it holds what is secret. */
export async function findOpenSecrets({
  path,
  text,
  apiKey
}: {
  path: string
  text: string
  /** Of the gateway; it may be in a comment, too. */
  apiKey: string
}): Promise<string[]> {
  const listed = listWrittenSecrets(parseDocument(text, { prettyErrors: false }))
  const secrets = [...new Set([...(text.includes(apiKey) ? [GATEWAY_KEY] : []), ...listed])]
  if (secrets.length === 0) return []
  const { mode } = await stat(path)
  return isOpenToOthers(mode) ? [openSecretWarning(path, inWords(secrets))] : []
}

export const openSecretWarning = (path: string, what: string): string =>
  `Others on this machine can read ${what} in ${path}: chmod 600 makes it yours alone.`

function inWords(secrets: readonly string[]): string {
  const more = secrets.length - MOST_NAMED
  const named = more > 0 ? [...secrets.slice(0, MOST_NAMED), `${more} more`] : secrets
  return named.length === 1 ? named.join('') : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`
}
