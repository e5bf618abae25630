import { readFile } from 'node:fs/promises'
import { accepts } from '../../engines/server-look.ts'
import { ownAddresses } from '../../lib/own-addresses.ts'
import { isLoopback } from './place.ts'

/**
 * From where a server of this machine can be reached beside this machine, in words; undefined when from nowhere, or when
 * it is not at the loopback: then its owner reaches it over a network and needs it so.
 */
export async function findExposure(url: string): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(url)
  if (!isLoopback(hostname)) return undefined
  const number = Number(port) || (protocol === 'https:' ? 443 : 80)
  const listening = await listeningAddresses()
  const addresses = listening ? listening(number) : await reachedAddresses(number)
  const beyond = addresses.filter((address) => !isLoopbackAddress(address))
  if (beyond.length === 0) return undefined
  return beyond.some((address) => /^(?:0\.0\.0\.0|::)$/.test(address))
    ? 'every network of this machine'
    : beyond.join(', ')
}

/** What Linux says of who listens where, by port; undefined elsewhere. */
async function listeningAddresses(): Promise<((port: number) => string[]) | undefined> {
  if (process.platform !== 'linux') return undefined
  const read = (name: string) => readFile(`/proc/net/${name}`, 'utf8').catch(() => undefined) // No such protocol, or no /proc.
  const [v4, v6] = await Promise.all([read('tcp'), read('tcp6')])
  if (v4 === undefined && v6 === undefined) return undefined
  const sockets = parseListening(`${v4 ?? ''}\n${v6 ?? ''}`)
  return (port) => [...new Set(sockets.filter((one) => one.port === port).map(({ address }) => address))]
}

const LISTENING = '0A'

/** Of `/proc/net/tcp` and `/proc/net/tcp6`: sockets that listen, their addresses in hexadecimal words of the machine. */
export function parseListening(text: string): { address: string; port: number }[] {
  return text.split('\n').flatMap((line) => {
    const [, hex, port, state] =
      /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /.exec(line) ?? []
    if (hex === undefined || port === undefined || state !== LISTENING) return []
    return [{ address: addressOf(hex), port: Number.parseInt(port, 16) }]
  })
}

/** Words of four bytes, the last byte first, as on all machines of today. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed()
  )
  if (bytes.length === 4) return bytes.join('.')
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  if (isMapped) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16)
  )
  const text = groups.join(':')
  return text === '0:0:0:0:0:0:0:0' ? '::' : text === '0:0:0:0:0:0:0:1' ? '::1' : text
}

const isLoopbackAddress = (address: string): boolean => address === '::1' || address.startsWith('127.')

/** Its own addresses at which the machine answers, where it cannot be asked who listens. */
async function reachedAddresses(port: number): Promise<string[]> {
  const own = ownAddresses()
  const reached = await Promise.all(own.map((host) => accepts({ host, port })))
  return own.filter((_, at) => reached[at])
}
