import { Command, Option } from 'commander'
import type { Role } from '../lib/principal.ts'
import { fromColumns } from '../auth/use-limits.ts'
import { CommandFailed } from './command-failed.ts'
import { addLimitOptions, formatLimits, type LimitOptions, limitsOf } from './limit-options.ts'
import { formatTime, printTable } from './print-table.ts'
import { withAccounts } from './with-accounts.ts'

export function usersCommand(): Command {
  const users = new Command('users').description('The people of this installation.')
  users
    .command('add')
    .description('Add somebody; give them a key with `keys create --user <email>`.')
    .argument('<email>')
    .option('--name <name>', 'how they are called (default: the part before the @)')
    .addOption(new Option('--role <role>').choices(['member', 'admin']).default('member'))
    .action(addUser)
  addLimitOptions(
    users
      .command('limit')
      .description('Set what somebody may use, over all of their keys; what is not named becomes unlimited.')
      .argument('<email>')
  ).action(limitUser)
  users.command('list').description('List everybody.').action(listUsers)
  return users
}

async function addUser(email: string, options: { name?: string; role: Role }): Promise<void> {
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw new CommandFailed(`'${email}' is not an e-mail address.`)
  const name = options.name ?? email.slice(0, email.indexOf('@'))
  const user = await withAccounts(({ users }) => users.addUser({ email, name, role: options.role }))
  if (!user) throw new CommandFailed(`There is somebody with the address ${email} already.`)
  process.stdout.write(`Added ${user.email} (${user.role}).\n`)
}

async function limitUser(email: string, options: LimitOptions): Promise<void> {
  const limits = limitsOf(options)
  if (!(await withAccounts(({ users }) => users.setLimits(email, limits)))) {
    throw new CommandFailed(`There is nobody with the address ${email}.`)
  }
  process.stdout.write(`${email}: ${formatLimits(limits)}\n`)
}

async function listUsers(): Promise<void> {
  const rows = await withAccounts(({ users }) => users.listUsers())
  printTable([
    ['EMAIL', 'NAME', 'ROLE', 'LIMITS', 'SINCE'],
    ...rows.map((user) => [
      user.email,
      user.name,
      user.role,
      formatLimits(fromColumns(user)),
      formatTime(user.created_at)
    ])
  ])
}
