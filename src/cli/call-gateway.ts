import type { Command } from 'commander'
import { loadClientSettings } from '../config/client-settings.ts'
import { exportKey } from '../lib/ask-for-key.ts'
import { cleanText } from '../lib/clean-text.ts'
import { readGatewayUrl } from '../lib/gateway-url.ts'
import { isBehindAway, letsNobodyIn } from '../lib/proxy-status.ts'
import { ownCommand } from '../lib/own-command.ts'
import { findGatewayAddress } from '../db/gateway-address.ts'
import { CommandFailed } from './command-failed.ts'

export interface GatewayOptions {
  url?: string
  key?: string
}

export interface GatewayAddress {
  /** Without a slash at its end. */
  url: string
  key: string
}

/** The gateway cannot be reached, or cannot serve just now: the same call may work in a moment. */
export class GatewayAway extends CommandFailed {}

export const addGatewayOptions = (command: Command): Command =>
  command
    .option(
      '--url <url>',
      'the gateway (default: INFERENCE_CLUB_URL, else the one that runs on this machine on INFERENCE_CLUB_DATA_DIR or ./data, else http://127.0.0.1:8080)'
    )
    .option('--key <key>', 'the API key (default: INFERENCE_CLUB_API_KEY, which other users of the machine cannot see)')

/** No key is to be in a command, for shells keep those. */
const HOW_TO_SET_IT = `A shell asks for it, and keeps it out of its history, with: ${exportKey()}`

export async function openGateway(options: GatewayOptions): Promise<GatewayAddress> {
  const settings = loadClientSettings()
  const isNamed = options.url !== undefined || settings.isUrlSet
  const running = isNamed ? undefined : await findGatewayAddress(settings.dataDir)
  const given = options.url ?? running?.url ?? settings.url
  const read = readGatewayUrl(given)
  if ('problem' in read) {
    throw new CommandFailed(
      `${options.url === undefined ? 'INFERENCE_CLUB_URL' : '--url'} ${read.problem}, such as https://club.example.org.`
    )
  }
  const { url } = read
  const key = options.key ?? settings.apiKey
  if (key === undefined) {
    // The address that is usual is no reason to send anybody there.
    throw new CommandFailed(
      isNamed || running
        ? `Set INFERENCE_CLUB_API_KEY to your API key: the dashboard makes one, at ${url}/keys${running ? `, and so does \`${ownCommand} keys create\`` : ''}. ${HOW_TO_SET_IT}`
        : `Set INFERENCE_CLUB_API_KEY to your API key, and INFERENCE_CLUB_URL to your gateway, whose dashboard makes one: none runs on the data of this folder. ${HOW_TO_SET_IT}`
    )
  }
  return { url, key }
}

/** Of an answer that is read whole: a page of models, or a job with its images, which are links. */
const MAX_ANSWER_BYTES = 16 * 1024 ** 2

interface CallBody {
  json?: unknown
  form?: FormData
}

/** Makes something of an answer; undefined: another kind of server gave it. */
export type Read<T> = (answer: unknown) => T | undefined

/**
 * One call of the API; POST when there is a body. Throws `CommandFailed` with the server's own message, or with a sentence
 * that it is no inference.club, as `GatewayAway` when trying again may help.
 */
export async function callGateway<T>(
  gateway: GatewayAddress,
  path: string,
  { read, ...body }: CallBody & { read: Read<T> }
): Promise<T> {
  const response = await openAnswer(gateway, path, body)
  const answer = read(await readJson(response))
  if (answer === undefined) throw refused(gateway, response)
  return answer
}

/** The same for an answer that is no JSON: its body has not been read. */
export async function openAnswer(gateway: GatewayAddress, path: string, body: CallBody = {}): Promise<Response> {
  const { url, key } = gateway
  const { json, form } = body
  const sent = form ?? (json === undefined ? undefined : JSON.stringify(json))
  const response = await request(`${url}${path}`, {
    // The key is for this server alone.
    redirect: 'manual',
    headers: { authorization: `Bearer ${key}`, ...(json !== undefined && { 'content-type': 'application/json' }) },
    ...(sent !== undefined && { method: 'POST', body: sent })
  })
  const elsewhere = response.headers.get('location')
  if (response.status >= 300 && response.status < 400 && elsewhere !== null) {
    throw new CommandFailed(`${url} sends callers on to ${fromServer(elsewhere)}. ${adviceFor(elsewhere, path)}`)
  }
  if (response.ok) return response
  throw refused(gateway, response, members(members(await readJson(response)).error).message)
}

/** Undefined for what is no JSON, breaks off or is longer than any answer of a gateway. */
async function readJson({ body }: Response): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of body ?? []) {
      bytes += (chunk as Uint8Array).length
      if (bytes > MAX_ANSWER_BYTES) return undefined
      chunks.push(chunk as Uint8Array)
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined // Whatever it is, no gateway said it.
  }
}

/** Of an object; of anything else there are none. */
export const members = (value: unknown): Partial<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? value : {}

/** Why a call came to nothing: in the server's own words, where `told` is text. */
export function refused({ url }: GatewayAddress, { status }: Response, told?: unknown): CommandFailed {
  const message = typeof told === 'string' && told.trim() !== '' ? fromServer(told) : strangersWords(url, status)
  return status >= 500 ? new GatewayAway(message) : new CommandFailed(message)
}

/** Of a club that has moved all that follows its address stays; else it is the page of a sign-in, or of somebody else. */
const adviceFor = (elsewhere: string, path: string): string =>
  URL.parse(elsewhere, 'http://here')?.pathname.endsWith(path.replace(/\?.*$/, ''))
    ? 'Give that address with --url.'
    : 'Is there a sign-in before it? It has to let calls through to /v1, which have a key.'

/** What an answer that is no gateway's says of the address. */
function strangersWords(url: string, status: number): string {
  if (isBehindAway(status)) return `The gateway behind ${url} is away: what stands in front of it answers ${status}.`
  if (letsNobodyIn(status))
    return `What stands in front of ${url} lets nobody in (HTTP ${status}): it has to let calls through to /v1.`
  if (status === 413)
    return `What stands in front of ${url} takes no call of this size (HTTP 413): smaller images may get through.`
  return `${url} does not answer like an inference.club (HTTP ${status}): another address is given with --url or INFERENCE_CLUB_URL.`
}

/** Text of a server as a terminal may show it, whoever wrote it. */
export const fromServer = (text: string): string => cleanText(text, 2000)

const isCutOff = (error: unknown): boolean => {
  const { code } = members(members(error).cause)
  return code === 'EPIPE' || code === 'ECONNRESET'
}

/** Throws `GatewayAway` when nobody answers. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    const { origin } = new URL(url)
    // Its answer is lost where it comes before all is sent.
    if (init.body instanceof FormData && isCutOff(error)) {
      throw new GatewayAway(
        `${origin} ended the connection while it was sent something: what stands in front of it may take nothing of this size.`
      )
    }
    throw new GatewayAway(
      `No server answers at ${origin}. Is it running? Another is named with --url or INFERENCE_CLUB_URL.`
    )
  }
}
