import { AgentFile, type ServiceTerms } from '../../config/agent-file.ts'
import { checkAccess } from '../../config/agent-config-checks.ts'
import { CommandFailed } from '../command-failed.ts'
import { checkFile } from './examine.ts'

export interface InitOptions {
  path: string
  gateway?: string
  key?: string
  /** A file that holds the key; the agent's file names it. */
  keyFile?: string
  name?: string
  /** Addresses of image servers; none: the usual ones. */
  servers: readonly string[]
  terms: ServiceTerms
}

/** Keys of the agent's file, by the option that writes them. */
const OPTIONS = {
  gateway: '--gateway',
  api_key: '--key',
  api_key_file: '--key-file',
  name: '--name',
  access: '--access',
  images_per_hour: '--images-per-hour',
  images_per_user_hour: '--images-per-user-hour'
}

/**
 * Has the code that reads the agent's file judge what the options would write, in a file of nothing else, before anything is looked
 * for. Throws `CommandFailed` with what is wrong, in the words of the options.
 */
export function checkInitOptions({ gateway, key, keyFile, name, terms }: InitOptions): void {
  const file = new AgentFile({ text: undefined, path: '' })
  file.set('gateway', gateway ?? 'http://127.0.0.1')
  if (keyFile === undefined) file.set('api_key', key ?? 'ic_x')
  else file.set('api_key_file', keyFile)
  file.set('name', name ?? 'x')
  file.add({ name: 'x', engine: 'demo', models: [{ id: 'demo', servedAs: 'demo' }], ...terms })
  const { mistakes } = checkFile({ text: file.toString(), path: '' })
  const problems = mistakes.map((one) => inWordsOfOptions(bare(one)))
  // In a file a blank one is as none, which is everybody.
  if (terms.access !== undefined && [terms.access].flat().join('').trim() === '') {
    problems.push(`--access ${checkAccess('')}`)
  }
  if (problems.length > 0) throw new CommandFailed(problems.map((one) => `${one}.`).join('\n'))
}

const inWordsOfOptions = (mistake: string): string =>
  mistake
    .replace(/^(?:services\[0\]\.)?(\w+)(?:\[\d+\])?/, (all, key: string) =>
      key in OPTIONS ? OPTIONS[key as keyof typeof OPTIONS] : all
    )
    .replace('access: private', '--access private')

/**
 * Reads what is to be written as an agent will. Throws `CommandFailed` with the mistakes that it would bring in; returns those that
 * its owner's own text had before, which are no reason to write nothing.
 */
export function requireRight(
  file: AgentFile,
  { path, before }: { path: string; before: string | undefined }
): readonly string[] {
  const old = before === undefined ? [] : checkFile({ text: before, path }).mistakes
  const known = new Set(old.map((one) => bare(one, path)))
  const { mistakes } = checkFile({ text: file.changes.length > 0 ? file.toString() : (before ?? ''), path })
  const fresh = mistakes.map((one) => bare(one, path)).filter((one) => !known.has(one))
  if (fresh.length > 0) {
    throw new CommandFailed(
      `An agent could not use what would be written into ${path}: ${fresh.join('; ')}. Nothing was written.`
    )
  }
  return mistakes
}

/** A mistake without its place in a file that nobody sees. */
const bare = (mistake: string, path = ''): string => mistake.slice(path.length).replace(/^:\d+: /, '')
