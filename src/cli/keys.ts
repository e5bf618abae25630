import { Command, InvalidArgumentError, Option } from 'commander'
import { DEFAULT_SCOPES } from '../auth/api-keys.ts'
import type { ApiKeyWithUser } from '../auth/api-key-store.ts'
import { grantableScopes } from '../auth/permissions.ts'
import { fromColumns } from '../auth/use-limits.ts'
import { RESPONSE_DEFAULTS, type ResponseDefault, SCOPES, type Scope, type UseLimits } from '../lib/principal.ts'
import { LATEST_TIME, MAX_COUNT } from '../lib/bounds.ts'
import { formatDuration, parseDurationMs } from '../lib/quantities.ts'
import { isLifetime, LIFETIMES } from '../lib/lifetimes.ts'
import { VISIBILITIES, type Visibility } from '../lib/visibility.ts'
import { CommandFailed } from './command-failed.ts'
import { wholeNumber } from './image-options.ts'
import {
  addLimitChanges,
  addLimitOptions,
  changedLimits,
  countOrNone,
  describeLimits,
  formatLimits,
  type LimitChanges,
  type LimitOptions,
  limitsOf,
  limitsSentence,
  NONE
} from './limit-options.ts'
import { formatTime, printTable } from './print-table.ts'
import { type Accounts, withAccounts } from './with-accounts.ts'

/** Whoever has no access to the machine of the server can make keys all the same. */
const withKeys: typeof withAccounts = (command) =>
  withAccounts(command, 'Keys of your own are made in the dashboard, too, under API keys.')

const USER_OPTION = ['--user <email>', 'whose keys'] as const

export function keysCommand(): Command {
  const keys = new Command('keys').description('API keys: for calling models and for running an agent.')
  const create = keys
    .command('create')
    .description('Make a key. It is shown once.')
    .option('--user <email>', 'whose key (default: the first admin)')
    .option('--name <name>', 'what it is for', 'key')
    .option('--expires <duration>', 'such as 30d or 12h (default: never)')
    .option('--scopes <list>', `comma-separated, of ${SCOPES.join(', ')}`, DEFAULT_SCOPES.join(','))
    .option('--rate <count>', 'requests per minute; 0 is no limit (default: as the server is configured)', wholeNumber)
    .addOption(
      new Option('--default-response-format <format>', 'for clients that never say it').choices(RESPONSE_DEFAULTS)
    )
    .addOption(visibilityOption(''))
    .option('--expires-in <duration>', LIFETIME_WORDS, lifetime)
  addLimitOptions(create).action(createKey)
  addLimitChanges(
    keys
      .command('limit')
      .description(
        'Set what a key may use, by its id or its visible beginning; what is not named stays, none lifts a limit.'
      )
      .argument('<id-or-prefix>')
      .option(...USER_OPTION)
      .option('--rate <count>', 'requests per minute; 0 is no limit, none is as the server is configured', countOrNone)
  ).action(limitKey)
  keys
    .command('change')
    .description(
      'Change what a key says where its calls do not, by its id or its visible beginning; what is not named stays.'
    )
    .argument('<id-or-prefix>')
    .option(...USER_OPTION)
    .addOption(visibilityOption(', or none: as its owner says', [NONE]))
    .option('--expires-in <duration>', `${LIFETIME_WORDS}, or none: they are kept`, lifetimeOrNone)
    .action(changeKey)
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

const visibilityOption = (more: string, others: readonly string[] = []): Option =>
  new Option('--visibility <who>', `who may fetch the images made with it${more}`).choices([...VISIBILITIES, ...others])

const LIFETIME_WORDS =
  'for how long what is made with it is kept after its end, such as 1h or 30d; 0s is until it is delivered'

function lifetime(text: string): number {
  const seconds = (parseDurationMs(text) ?? NaN) / 1000
  if (isLifetime(seconds)) return seconds
  throw new InvalidArgumentError(`It must be 0s, or a duration from ${LIFETIMES.min}s to ${LIFETIMES.max / 86_400}d.`)
}

const lifetimeOrNone = (text: string): number | typeof NONE => (text === NONE ? NONE : lifetime(text))

interface CreateOptions extends LimitOptions {
  user?: string
  name: string
  expires?: string
  scopes: string
  rate?: number
  defaultResponseFormat?: ResponseDefault
  visibility?: Visibility
  expiresIn?: number
}

async function createKey(options: CreateOptions): Promise<void> {
  const scopes = parseScopes(options.scopes)
  const lifetime = options.expires === undefined ? undefined : parseDurationMs(options.expires)
  if (options.expires !== undefined && !lifetime) {
    throw new CommandFailed(`--expires must be a duration such as 30d or 12h, not '${options.expires}'.`)
  }
  if (lifetime !== undefined && Date.now() + lifetime > LATEST_TIME) {
    throw new CommandFailed('--expires must end before the year 10000; leave it out for a key that lasts.')
  }
  requireRate(options.rate ?? 0)
  const key = await withKeys(async (accounts) => {
    const owner = options.user === undefined ? await findAdmin(accounts) : await findOwner(accounts, options.user)
    requireGrantable(scopes, owner)
    return accounts.apiKeys.create({
      userId: owner.id,
      name: options.name,
      scopes,
      limits: limitsOf(options),
      ...(options.rate !== undefined && { rateLimit: options.rate }),
      ...(options.defaultResponseFormat && { responseDefault: options.defaultResponseFormat }),
      ...(options.visibility && { visibilityDefault: options.visibility }),
      ...(options.expiresIn !== undefined && { expiresInDefault: options.expiresIn }),
      ...(lifetime !== undefined && { expiresAt: accounts.now() + lifetime })
    })
  })
  // The key alone goes to standard output, so that a script can take it from there.
  process.stderr.write(`Made '${options.name}' (${key.id}). This is the only time it is shown:\n`)
  process.stdout.write(`${key.secret}\n`)
  process.stderr.write(`Webhook secret (shown once): ${key.webhookSecret}\n`)
}

async function listKeys(options: { user?: string }): Promise<void> {
  const { rows, now } = await withKeys(async (accounts) => {
    const keys = await accounts.apiKeys.list(await filterOf(accounts, options.user))
    const rows = []
    for (const key of keys) rows.push({ key, images: await accounts.countImages(key.id) })
    return { rows, now: accounts.now() }
  })
  printTable([
    ['ID', 'PREFIX', 'NAME', 'USER', 'SCOPES', 'VISIBILITY', 'LIMITS', 'IMAGES', 'CREATED', 'LAST USED', 'STATE'],
    ...rows.map(({ key, images }) => [
      key.id,
      `${key.prefix}…`,
      key.name,
      key.user_email,
      key.scopes.replaceAll(' ', ','),
      key.default_visibility ?? '-',
      limitsText(fromColumns(key), key.rate_limit),
      String(images),
      formatTime(key.created_at),
      formatTime(key.last_used_at),
      stateOf(key, now)
    ])
  ])
}

async function revokeKey(idOrPrefix: string, options: { user?: string }): Promise<void> {
  const id = await withKeys(async (accounts) => {
    const key = await getKey(accounts, idOrPrefix, options)
    await accounts.apiKeys.revoke(key.id)
    return key.id
  })
  process.stdout.write(`Revoked ${id}.\n`)
}

async function limitKey(
  idOrPrefix: string,
  { user, rate, ...changes }: LimitChanges & { user?: string; rate?: number | typeof NONE }
): Promise<void> {
  if (typeof rate === 'number') requireRate(rate)
  const changed = await withKeys(async (accounts) => {
    const key = await getKey(accounts, idOrPrefix, user === undefined ? {} : { user })
    const limits = changedLimits(fromColumns(key), changes)
    const rateLimit = rate === undefined ? key.rate_limit : rate === NONE ? null : rate
    await accounts.apiKeys.change({ id: key.id, userId: key.user_id }, { limits, rateLimit })
    return limitsSentence(key.id, [...describeLimits(limits), ...describeRate(rateLimit)])
  })
  process.stdout.write(`${changed}\n`)
}

async function changeKey(
  idOrPrefix: string,
  {
    user,
    visibility,
    expiresIn
  }: { user?: string; visibility?: Visibility | typeof NONE; expiresIn?: number | typeof NONE }
): Promise<void> {
  if (visibility === undefined && expiresIn === undefined) {
    throw new CommandFailed('Say what is to be another: --visibility, --expires-in.')
  }
  const id = await withKeys(async (accounts) => {
    const key = await getKey(accounts, idOrPrefix, user === undefined ? {} : { user })
    const change = {
      ...(visibility !== undefined && { visibilityDefault: visibility === NONE ? null : visibility }),
      ...(expiresIn !== undefined && { expiresInDefault: expiresIn === NONE ? null : expiresIn })
    }
    await accounts.apiKeys.change({ id: key.id, userId: key.user_id }, change)
    return key.id
  })
  const said = [
    visibility && (visibility === NONE ? 'is seen by whom its owner says' : `is ${visibility}`),
    expiresIn !== undefined && keptWords(expiresIn)
  ]
  process.stdout.write(
    `What is made with ${id} ${said.filter(Boolean).join(' and ')}, where a call does not say otherwise.\n`
  )
}

function keptWords(expiresIn: number | typeof NONE): string {
  if (expiresIn === NONE) return 'is kept'
  return `is kept ${expiresIn === 0 ? 'until it is delivered' : `for ${formatDuration(expiresIn * 1000)} after its end`}`
}

/** The only key that is meant and still counts. */
async function getKey(accounts: Accounts, idOrPrefix: string, { user }: { user?: string }): Promise<ApiKeyWithUser> {
  const prefix = idOrPrefix.replace(/…$/, '')
  const keys = await accounts.apiKeys.list(await filterOf(accounts, user))
  const [key, ...others] = keys.filter((one) => one.revoked_at === null && (one.id === prefix || one.prefix === prefix))
  if (others.length > 0) throw new CommandFailed(`Several keys begin with '${prefix}': name one of them by its id.`)
  if (!key) throw new CommandFailed(`There is no valid key '${idOrPrefix}'.`)
  return key
}

function requireRate(rate: number): void {
  if (rate > MAX_COUNT) throw new CommandFailed(`--rate may be ${MAX_COUNT} at most.`)
}

/** None where the key says nothing of it, and what the server is configured to let holds. */
const describeRate = (rate: number | null): string[] =>
  rate === null
    ? []
    : [rate === 0 ? 'any number of calls per minute' : `${rate} ${rate === 1 ? 'call' : 'calls'} per minute`]

/** For the column of a table; a dash when there are none. */
const limitsText = (limits: UseLimits, rate: number | null): string =>
  rate === null ? formatLimits(limits) : `${formatLimits(limits)} ${rate}/min`

function parseScopes(text: string): Scope[] {
  const names = text.split(',').map((name) => name.trim())
  return names.map((name) => {
    const scope = SCOPES.find((one) => one === name)
    if (!scope) throw new CommandFailed(`--scopes: '${name}' is not one of ${SCOPES.join(', ')}.`)
    return scope
  })
}

interface Owner {
  id: string
  email: string
  role: string
}

/** A key that may what its holder may not would be refused where it is used. */
function requireGrantable(scopes: readonly Scope[], { role, email }: Owner): void {
  const grantable = grantableScopes(role === 'admin' ? 'admin' : 'member')
  const beyond = scopes.find((scope) => !grantable.includes(scope))
  if (beyond !== undefined) throw new CommandFailed(`--scopes: '${beyond}' is for admins, and ${email} is none.`)
}

async function findOwner({ users }: Accounts, email: string): Promise<Owner> {
  const user = await users.findUserByEmail(email)
  if (!user) throw new CommandFailed(`There is nobody with the address ${email}. Add them with \`users add\`.`)
  return user
}

async function findAdmin({ users }: Accounts): Promise<Owner> {
  const admin = await users.findFirstAdmin()
  if (!admin) throw new CommandFailed('No admin is here whom a key could be for: name somebody with --user.')
  return admin
}

const filterOf = async (accounts: Accounts, email: string | undefined) =>
  email === undefined ? {} : { userId: (await findOwner(accounts, email)).id }

function stateOf(key: ApiKeyWithUser, now: number): string {
  if (key.revoked_at !== null) return 'revoked'
  if (key.expires_at === null) return 'valid'
  return key.expires_at <= now ? 'expired' : `valid until ${formatTime(key.expires_at)}`
}
