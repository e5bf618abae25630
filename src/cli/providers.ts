import { Command } from 'commander'
import type { Network, TrustDecision } from '../network/network.ts'
import type { ProviderReport, ServiceReport } from '../network/provider-report.ts'
import { CommandFailed } from './command-failed.ts'
import { formatTime, printTable } from './print-table.ts'
import { withAccounts } from './with-accounts.ts'

/** Whoever can run the command on the server may what an admin may. */
const OPERATOR = { userId: 'operator', role: 'admin', email: '', emailVerified: false } as const

/** What has become of a machine that stood so before. */
type Done = (before: ProviderReport['standing']) => string

export function providersCommand(): Command {
  const providers = new Command('providers').description(
    'The machines that make images, and whether they serve others.'
  )
  providers.command('list').description('List all machines.').action(listProviders)
  const decide = (name: string, word: TrustDecision, { description, done }: { description: string; done: Done }) =>
    providers
      .command(name)
      .description(description)
      .argument('<machine>', 'its id, or its name when no other has it')
      .action((machine: string) => decideTrust(machine, word, done))
  decide('approve', 'approve', {
    description: 'Let a new machine serve others; once more: trust it at once.',
    done: (before) => (before === 'limited' ? 'is trusted now' : 'may serve others now, few images at first')
  })
  decide('block', 'shutOut', {
    description: 'Let a machine serve its owner alone.',
    done: () => 'serves its owner alone now'
  })
  decide('unblock', 'letBack', {
    description: 'Let a blocked machine in again, as a new one.',
    done: () => 'may serve others again'
  })
  return providers
}

async function listProviders(): Promise<void> {
  const { providers } = await withAccounts(({ network }) => network.list(OPERATOR))
  printTable([
    ['ID', 'NAME', 'OWNER', 'STATE', 'TRUST', 'IMAGES', 'MODELS', 'LAST SEEN'],
    ...providers.map(({ provider, isOnline, standing, images, services }) => [
      provider.id,
      provider.name,
      provider.owner_name,
      isOnline ? 'online' : 'offline',
      standing,
      String(images),
      modelsOf(services, isOnline),
      formatTime(provider.last_seen_at)
    ])
  ])
}

/** Its models, and of a machine that is there which of them it cannot make now. */
function modelsOf(services: readonly ServiceReport[], isOnline: boolean): string {
  const made = new Set(services.flatMap(({ makes }) => [...makes]))
  const all = new Set(services.flatMap(({ service }) => service.models.map(({ id }) => id)))
  return [...all].map((id) => (isOnline && !made.has(id) ? `${id} (not now)` : id)).join(', ')
}

async function decideTrust(machine: string, word: TrustDecision, done: Done): Promise<void> {
  const { provider, standing } = await withAccounts(async ({ network }) => {
    const found = await findProvider(network, machine)
    await network.decide(OPERATOR, found.provider.id, word)
    return found
  })
  process.stdout.write(`${provider.name} ${done(standing)}.\n`)
}

async function findProvider(network: Network, machine: string): Promise<ProviderReport> {
  const { providers } = await network.list(OPERATOR)
  const same = providers.filter(({ provider: { id, name } }) => id === machine || name === machine)
  if (same.length > 1) throw new CommandFailed(`Several machines are called '${machine}'. Name one by its id.`)
  const [found] = same
  if (!found) throw new CommandFailed(`There is no machine '${machine}'.`)
  return found
}
