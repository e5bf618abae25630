import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import type { RequestSummary, WaitReason } from '../../../../src/http/dashboard/contract/requests.ts'
import type { Person } from '../../../../src/http/dashboard/contract/session.ts'
import { IS_TO_HAVE, machinesWith, tellOwners } from './machines-with.ts'

const cannotMake = ({ isOnline, drainedAt, services }: ProviderInfo, model?: string): boolean =>
  isOnline &&
  drainedAt === null &&
  services.some(
    ({ isPaused, models }) =>
      !isPaused && models.some(({ id, canMake, isAwaited }) => id === (model ?? id) && !canMake && !isAwaited)
  )

/** What makes an image wait at one machine, and what its owner does about it. */
const CAUSES = {
  unusable: {
    isIt: cannotMake,
    remedy:
      'see that its image server runs and makes images, and that its address and its key are right in the agent’s file: after a change there restart the agent'
  },
  missing: {
    isIt: cannotMake,
    remedy:
      'see that its image server has the model, and that the agent’s file calls it as the server does (served_as): after a change there restart the agent'
  },
  drained: {
    isIt: ({ drainedAt, services }) => drainedAt !== null || services.some(({ isPaused }) => isPaused),
    remedy: 'resume it on its page under Network'
  },
  away: { isIt: ({ isOnline }) => !isOnline, remedy: 'see that it is on, and start its agent' }
} satisfies Partial<Record<WaitReason, { isIt: (provider: ProviderInfo, model?: string) => boolean; remedy: string }>>

const MAKES_IMAGES = { one: 'makes images here', many: 'make images here' }
const HAS = { one: 'has this model', many: 'have this model' }

export type WaitCause = keyof typeof CAUSES

export const isWaitCause = (reason: WaitReason): reason is WaitCause => Object.hasOwn(CAUSES, reason)

/** What the owner of a machine does there about what makes images wait for it. */
export const remedyOf = (cause: WaitCause): string => CAUSES[cause].remedy

export interface WaitAdvice {
  text: string
  /** The page on which the reader can do it, where there is one: of a machine of theirs. */
  machine?: { id: string; name: string }
}

/**
 * What the reader can do about a wait that does not end by itself: something on their own machine, or to tell the owner of one, by name.
 * Null where there is nothing to do but to wait.
 */
export function waitAdvice(
  { wait, model }: Pick<RequestSummary, 'wait' | 'model'>,
  { reader, providers }: { reader: Pick<Person, 'id' | 'role'>; providers: readonly ProviderInfo[] }
): WaitAdvice | null {
  if (!wait) return null
  if (wait.reason === 'approval') return { text: approvalAdvice(reader) }
  if (wait.reason === 'new_here') return newHereAdvice({ model, reader, providers })
  return isWaitCause(wait.reason) ? causeWith(wait.reason, { model, reader, providers }) : null
}

/** Who lets a machine in that may not serve others yet. */
export const approvalAdvice = ({ role }: Pick<Person, 'role'>): string =>
  role === 'admin' ? 'Let the machine in under Network.' : 'Ask an admin to let the machine in.'

/** The same of one cause, of a model or without one of any; null where no machine is so. */
export function causeWith(
  reason: WaitCause,
  { model, reader, providers }: { model?: string; reader: Pick<Person, 'id'>; providers: readonly ProviderInfo[] }
): WaitAdvice | null {
  const cause: { isIt: (provider: ProviderInfo, model?: string) => boolean; remedy: string } = CAUSES[reason]
  const all = machinesWith(model, { reader, providers })
  const machines = all.filter(({ provider }) => cause.isIt(provider, model))
  const own = machines.find(({ owner }) => owner.id === reader.id)
  if (own) {
    const said = reason === 'unusable' ? warningOf(own.provider, model) : undefined
    const text = `It is your machine ${own.name}: ${cause.remedy}.`
    const { id, name } = own.provider
    return { text: said === undefined ? text : `${text} Its agent says: “${said}”`, machine: { id, name } }
  }
  if (machines.length === 0) return null
  const what = model === undefined ? MAKES_IMAGES : reason === 'missing' ? IS_TO_HAVE : HAS
  return { text: `If it stays so, ${tellOwners(machines, what)}.` }
}

/** Where a new machine has made what the club lets it make for others: who can lift that. Null where none has. */
export function newHereAdvice({
  model,
  reader,
  providers
}: {
  model: string
  reader: Pick<Person, 'id' | 'role'>
  providers: readonly ProviderInfo[]
}): WaitAdvice | null {
  const found = machinesWith(model, { reader, providers }).find(({ provider }) => provider.trust.spent)
  if (!found) return null
  const { id, name } = found.provider
  if (reader.role === 'admin') {
    return { text: `${name} is new here: “Trust now” on its page lifts the limit.`, machine: { id, name } }
  }
  const whose = found.owner.id === reader.id ? `your machine ${name}` : `${found.owner.name}’s machine ${name}`
  return { text: `An admin can lift the limit: ask one to trust ${whose}.` }
}

/** The wait for a machine that its owner has paused. */
export const PAUSED = { reason: 'drained', until: null } as const

/** Of a model that nobody offers, before anything is asked of it: null unless a machine that is online has it and is paused. */
export const pausedAdvice = (
  model: string,
  { reader, providers }: { reader: Pick<Person, 'id' | 'role'>; providers: readonly ProviderInfo[] }
): WaitAdvice | null =>
  waitAdvice({ wait: PAUSED, model }, { reader, providers: providers.filter(({ isOnline }) => isOnline) })

/**
 * Of a model that nobody offers or has paused, before anything is asked of it: the machine whose image server does not make it, or
 * else the one that is away; null where none is known to have it.
 */
export const offlineAdvice = (model: string, context: Parameters<typeof waitAdvice>[1]): WaitAdvice | null =>
  causeWith('unusable', { model, ...context }) ?? causeWith('away', { model, ...context })

/** What the agent says of the image server that does not make a model: owners and admins read it. */
const warningOf = ({ services }: ProviderInfo, model?: string): string | undefined =>
  services.flatMap(({ models, warning }) =>
    models.some(({ id }) => id === (model ?? id)) ? (warning?.text ?? []) : []
  )[0]
