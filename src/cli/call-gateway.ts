import type { Command } from 'commander'
import { loadClientSettings } from '../config/client-settings.ts'
import { cleanText } from '../lib/clean-text.ts'
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

export async function openGateway(options: GatewayOptions): Promise<GatewayAddress> {
  const settings = loadClientSettings()
  const isNamed = options.url !== undefined || settings.isUrlSet
  const running = isNamed ? undefined : await findGatewayAddress(settings.dataDir)
  const url = (options.url ?? running?.url ?? settings.url).replace(/\/+$/, '')
  const key = options.key ?? settings.apiKey
  if (!URL.canParse(url)) throw new CommandFailed(`'${url}' is not a URL.`)
  if (key === undefined) {
    throw new CommandFailed('Set INFERENCE_CLUB_API_KEY to your API key (`bin/inference-club keys create` makes one).')
  }
  return { url, key }
}

/**
 * One call of the API; POST when there is a body. Throws `CommandFailed` with the server's own message, as
 * `GatewayAway` when trying again may help.
 */
export async function callGateway<T>(gateway: GatewayAddress, path: string, body: CallBody = {}): Promise<T> {
  const response = await openAnswer(gateway, path, body)
  const answer = await readJson(response)
  if (!answer) throw refused(gateway, response)
  return answer as T
}

interface CallBody {
  json?: unknown
  form?: FormData
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
    throw new CommandFailed(`${url} sends callers on to ${fromServer(elsewhere)}. Give that address with --url.`)
  }
  if (response.ok) return response
  throw refused(gateway, response, (await readJson(response)) as { error?: { message?: string } } | undefined)
}

const readJson = (response: Response): Promise<unknown> => response.json().catch(() => undefined)

function refused({ url }: GatewayAddress, { status }: Response, answer?: { error?: { message?: string } }) {
  const told = answer?.error?.message
  const message =
    typeof told === 'string' ? fromServer(told) : `${url} does not answer like an inference.club (HTTP ${status}).`
  return status >= 500 ? new GatewayAway(message) : new CommandFailed(message)
}

/** Text of a server as a terminal may show it, whoever wrote it. */
export const fromServer = (text: string): string => cleanText(text, 2000)

/** Throws `GatewayAway` when nobody answers. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch {
    throw new GatewayAway(
      `No server answers at ${new URL(url).origin}. Is it running? Another is named with --url or INFERENCE_CLUB_URL.`
    )
  }
}
