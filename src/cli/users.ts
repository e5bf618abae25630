import { Command, Option } from 'commander'
import { AppError } from '../lib/errors.ts'
import { type Role, ROLES } from '../lib/principal.ts'
import { ownCommand } from '../lib/own-command.ts'
import { type CreatedInvitation, invitationUrl } from '../people/invitations.ts'
import { fromColumns } from '../auth/use-limits.ts'
import type { UserRow } from '../people/user-store.ts'
import { CommandFailed } from './command-failed.ts'
import { isLoopback } from './doctor/place.ts'
import {
  addLimitChanges,
  changedLimits,
  describeLimits,
  formatLimits,
  type LimitChanges,
  limitsSentence
} from './limit-options.ts'
import { formatTime, printTable } from './print-table.ts'
import { type Accounts, withAccounts } from './with-accounts.ts'

export function usersCommand(): Command {
  const users = new Command('users').description('The people of this installation.')
  users
    .command('add')
    .description("Add somebody; give them a key with 'keys create --user <email>'.")
    .argument('<email>')
    .option('--name <name>', 'how they are called (default: the part before the @)')
    .addOption(roleOption())
    .action(addUser)
  users
    .command('invite')
    .description('Print a link by which somebody new can join, once.')
    .option('--email <email>', 'the address they must join with (default: any)')
    .addOption(roleOption())
    .action(inviteUser)
  users
    .command('link')
    .description('Print a link by which somebody can set their name, address and password, once.')
    .argument('<email>')
    .action(linkUser)
  users
    .command('disable')
    .description('Shut somebody out at once, with all of their keys.')
    .argument('<email>')
    .option('--force', 'the last admin, too')
    .action(disableUser)
  users
    .command('enable')
    .description('Let somebody in again; their keys count again, too.')
    .argument('<email>')
    .action(enableUser)
  addLimitChanges(
    users
      .command('limit')
      .description('Set what somebody may use, over all of their keys; what is not named stays, none lifts a limit.')
      .argument('<email>')
  ).action(limitUser)
  users.command('list').description('List everybody.').action(listUsers)
  return users
}

const roleOption = () => new Option('--role <role>').choices(ROLES).default('member')

async function addUser(email: string, options: { name?: string; role: Role }): Promise<void> {
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw new CommandFailed(`'${email}' is not an e-mail address.`)
  const name = options.name ?? email.slice(0, email.indexOf('@'))
  const user = await withAccounts(({ users }) => users.addUser({ email, name, role: options.role }))
  if (!user) throw new CommandFailed(`There is somebody with the address ${email} already.`)
  process.stdout.write(
    `Added ${user.email} (${user.role}). A link to sign in: ${ownCommand} users link ${user.email}\n`
  )
}

async function limitUser(email: string, options: LimitChanges): Promise<void> {
  const limits = await withAccounts(async (accounts) => {
    const user = await getUser(accounts, email)
    const changed = changedLimits(fromColumns(user), options)
    await accounts.changePerson({ userId: user.id, change: { limits: changed } })
    return changed
  })
  process.stdout.write(`${limitsSentence(email, describeLimits(limits))}\n`)
}

async function inviteUser(options: { email?: string; role: Role }): Promise<void> {
  await printLink('join', ({ invitations }) => invitations.invite({ ...options, createdBy: null }))
}

async function linkUser(email: string): Promise<void> {
  await printLink(`take over the account of ${email}`, async (accounts) => {
    const { id, disabled_at } = await getUser(accounts, email)
    if (disabled_at !== null) throw new CommandFailed(`${email} is shut out. Let them in first: users enable ${email}`)
    return accounts.invitations.offerAccount({ userId: id, createdBy: null })
  })
}

const ONLY_HERE =
  'This link works on this computer alone. For people elsewhere put in place of its beginning the address by which they reach this server, and have INFERENCE_CLUB_PUBLIC_URL say it from then on.'

/** The link alone goes to standard output, so that a script can take it from there. */
async function printLink(what: string, create: (accounts: Accounts) => Promise<CreatedInvitation>): Promise<void> {
  const { base, created } = await withAccounts(async (accounts) => ({
    base: accounts.base,
    created: await create(accounts)
  }))
  process.stderr.write(`To ${what}, once, until ${formatTime(created.expiresAt)} UTC:\n`)
  process.stdout.write(`${invitationUrl(base, created)}\n`)
  if (isLoopback(new URL(base).hostname)) process.stderr.write(`${ONLY_HERE}\n`)
}

async function disableUser(email: string, { force: mayLeaveNone = false }: { force?: boolean }): Promise<void> {
  const wasShutOut = await withAccounts(async (accounts) => {
    const { id: userId, disabled_at } = await getUser(accounts, email)
    const changed = { userId, change: { disabled: true }, mayLeaveNone }
    await accounts.changePerson(changed).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'conflict') throw error
      throw new CommandFailed(
        `${error.message} --force shuts ${email} out all the same: nobody is an admin then until 'users enable ${email}'.`
      )
    })
    return disabled_at !== null
  })
  process.stdout.write(wasShutOut ? `${email} was shut out already: nothing has changed.\n` : `${email} is shut out.\n`)
}

async function enableUser(email: string): Promise<void> {
  const wasShutOut = await withAccounts(async (accounts) => {
    const { id: userId, disabled_at } = await getUser(accounts, email)
    await accounts.changePerson({ userId, change: { disabled: false } })
    return disabled_at !== null
  })
  process.stdout.write(wasShutOut ? `${email} is let in again.\n` : `${email} was not shut out: nothing has changed.\n`)
}

async function getUser({ users }: Accounts, email: string): Promise<UserRow> {
  const user = await users.findUserByEmail(email)
  if (!user) throw new CommandFailed(`There is nobody with the address ${email}.`)
  return user
}

async function listUsers(): Promise<void> {
  const rows = await withAccounts(({ users }) => users.listUsers())
  printTable([
    ['EMAIL', 'NAME', 'ROLE', 'STATE', 'LIMITS', 'SINCE'],
    ...rows.map((user) => [
      user.email,
      user.name,
      user.role,
      user.disabled_at === null ? 'active' : 'shut out',
      formatLimits(fromColumns(user)),
      formatTime(user.created_at)
    ])
  ])
}
