import { dirname } from 'node:path'
import { judgeKey } from '../../agent/judge-key.ts'
import { checkApiKey, checkGateway } from '../../config/agent-config-checks.ts'
import type { AgentFile } from '../../config/agent-file.ts'
import { keyFilePath, readKeyFile } from '../../config/read-key-file.ts'
import { readGatewayUrl } from '../../lib/gateway-url.ts'
import { ask, type Terminal } from '../ask.ts'
import { CommandFailed } from '../command-failed.ts'
import { say } from './examine.ts'

/**
 * Has the gateway judge the key before the agent's file is written, which would have to be deleted by hand. Where somebody sits at the
 * terminal, an address at which there is no gateway is asked for again, and a key that is refused unless it lies in a file of its own. A gateway that cannot be reached now
 * judges when the agent starts. Throws `CommandFailed`.
 */
export async function checkAccess(
  file: AgentFile,
  { path, terminal }: { path: string; terminal: Terminal | undefined }
): Promise<void> {
  for (;;) {
    const isInFile = file.written('api_key_file') !== undefined
    const otherKey = isInFile ? 'put another key into the file that api_key_file names' : 'give another key'
    const verdict = await judgeAccess(file, { path, otherKey })
    if (!verdict) return
    const isElsewhere = verdict.is === 'elsewhere'
    if (!terminal || (isInFile && !isElsewhere)) throw new CommandFailed(`${verdict.why} Nothing was written.`)
    terminal.output.write(`${verdict.why}\n`)
    if (isElsewhere) file.set('gateway', await askForGateway(terminal))
    else
      file.set('api_key', await ask(terminal, { text: 'API key of the gateway: ', check: checkApiKey, hidden: true }))
  }
}

/** In the one form in which other programs take it, too. */
export async function askForGateway(terminal: Terminal): Promise<string> {
  const read = readGatewayUrl(await ask(terminal, { text: 'Address of the gateway: ', check: checkGateway }))
  if ('problem' in read) throw new CommandFailed(`The address of the gateway ${read.problem}.`)
  return read.url
}

/**
 * What keeps an agent with this file from its gateway until somebody changes something, as a sentence; undefined where nothing is
 * known to. That a gateway cannot be reached now is said, and is no mistake of the file.
 */
export const findRefusal = async (file: AgentFile, path: string): Promise<string | undefined> =>
  (await judgeAccess(file, { path }))?.why

/** Undefined also where address or key are missing or wrong, which is told with the other mistakes of the file. */
async function judgeAccess(
  file: AgentFile,
  { path, otherKey }: { path: string; otherKey?: string }
): Promise<{ is: 'refused' | 'elsewhere'; why: string } | undefined> {
  const access = accessOf(file, path)
  if (!access) return undefined
  const verdict = await judgeKey({ ...access, ...(otherKey !== undefined && { otherKey }) })
  if (verdict.is === 'good') return undefined
  const { is, why } = verdict
  if (is !== 'away') return { is, why }
  say(`The key was not tried. ${why}`)
  return undefined
}

/** Undefined where the file does not say it, or not so that an agent could use it. */
function accessOf(file: AgentFile, path: string): { gateway: string; apiKey: string } | undefined {
  const read = readGatewayUrl(file.meant('gateway') ?? '')
  const inFile = file.meant('api_key_file')
  const kept = inFile === undefined ? undefined : readKeyFile(keyFilePath(inFile, dirname(path)))
  const apiKey = kept === undefined ? file.meant('api_key') : 'key' in kept ? kept.key : undefined
  const isUsable = apiKey !== undefined && checkApiKey(apiKey) === undefined
  return 'url' in read && isUsable ? { gateway: read.url, apiKey } : undefined
}
