import { Command } from 'commander'
import { BOOTSTRAP_EMAIL } from '../auth/bootstrap.ts'
import { DEFAULT_SCOPES } from '../auth/api-keys.ts'
import type { ApiKeyWithUser } from '../auth/api-key-store.ts'
import { SCOPES, type Scope } from '../lib/principal.ts'
import { parseDurationMs } from '../lib/quantities.ts'
import { CommandFailed } from './command-failed.ts'
import { formatTime, printTable } from './print-table.ts'
import { type Accounts, withAccounts } from './with-accounts.ts'

const USER_OPTION = ['--user <email>', 'whose keys'] as const

export function keysCommand(): Command {
  const keys = new Command('keys').description('API keys: for calling models and for running an agent.')
  keys
    .command('create')
    .description('Make a key. It is shown once.')
    .option('--user <email>', `whose key (default: ${BOOTSTRAP_EMAIL})`)
    .option('--name <name>', 'what it is for', 'key')
    .option('--expires <duration>', 'such as 30d or 12h (default: never)')
    .option('--scopes <list>', `comma-separated, of ${SCOPES.join(', ')}`, DEFAULT_SCOPES.join(','))
    .action(createKey)
  keys
    .command('list')
    .description('List keys, newest first.')
    .option(...USER_OPTION)
    .action(listKeys)
  keys
    .command('revoke')
    .description('Revoke a key at once, by its id or its visible beginning.')
    .argument('<id-or-prefix>')
    .option(...USER_OPTION)
    .action(revokeKey)
  return keys
}

async function createKey(options: { user?: string; name: string; expires?: string; scopes: string }): Promise<void> {
  const scopes = parseScopes(options.scopes)
  const lifetime = options.expires === undefined ? undefined : parseDurationMs(options.expires)
  if (options.expires !== undefined && !lifetime) {
    throw new CommandFailed(`--expires must be a duration such as 30d or 12h, not '${options.expires}'.`)
  }
  const key = await withAccounts(async (accounts) =>
    accounts.apiKeys.create({
      userId: await ownerId(accounts, options.user ?? BOOTSTRAP_EMAIL),
      name: options.name,
      scopes,
      ...(lifetime !== undefined && { expiresAt: accounts.now() + lifetime })
    })
  )
  // The key alone goes to standard output, so that a script can take it from there.
  process.stderr.write(`Made '${options.name}' (${key.id}). This is the only time it is shown:\n`)
  process.stdout.write(`${key.secret}\n`)
}

async function listKeys(options: { user?: string }): Promise<void> {
  const { keys, now } = await withAccounts(async (accounts) => ({
    keys: await accounts.apiKeys.list(await filterOf(accounts, options.user)),
    now: accounts.now()
  }))
  printTable([
    ['ID', 'PREFIX', 'NAME', 'USER', 'SCOPES', 'CREATED', 'LAST USED', 'STATE'],
    ...keys.map((key) => [
      key.id,
      `${key.prefix}…`,
      key.name,
      key.user_email,
      key.scopes.replaceAll(' ', ','),
      formatTime(key.created_at),
      formatTime(key.last_used_at),
      stateOf(key, now)
    ])
  ])
}

async function revokeKey(idOrPrefix: string, options: { user?: string }): Promise<void> {
  const prefix = idOrPrefix.replace(/…$/, '')
  const revoked = await withAccounts(async (accounts) => {
    const keys = await accounts.apiKeys.list(await filterOf(accounts, options.user))
    const [key, ...others] = keys.filter(
      (one) => one.revoked_at === null && (one.id === prefix || one.prefix === prefix)
    )
    if (others.length > 0) throw new CommandFailed(`Several keys begin with '${prefix}': revoke one of them by its id.`)
    return key && (await accounts.apiKeys.revoke(key.id)) ? key.id : undefined
  })
  if (revoked === undefined) throw new CommandFailed(`There is no valid key '${idOrPrefix}'.`)
  process.stdout.write(`Revoked ${revoked}.\n`)
}

function parseScopes(text: string): Scope[] {
  const names = text.split(',').map((name) => name.trim())
  return names.map((name) => {
    const scope = SCOPES.find((one) => one === name)
    if (!scope) throw new CommandFailed(`--scopes: '${name}' is not one of ${SCOPES.join(', ')}.`)
    return scope
  })
}

async function ownerId({ users }: Accounts, email: string): Promise<string> {
  const user = await users.findUserByEmail(email)
  if (!user)
    throw new CommandFailed(`There is nobody with the address ${email}. Start the server once, or use \`users add\`.`)
  return user.id
}

const filterOf = async (accounts: Accounts, email: string | undefined) =>
  email === undefined ? {} : { userId: await ownerId(accounts, email) }

function stateOf(key: ApiKeyWithUser, now: number): string {
  if (key.revoked_at !== null) return 'revoked'
  if (key.expires_at === null) return 'valid'
  return key.expires_at <= now ? 'expired' : `valid until ${formatTime(key.expires_at)}`
}
