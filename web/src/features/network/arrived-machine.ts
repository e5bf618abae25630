import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { canMake, isImage, isLookedAt } from './provider-lists.ts'
import { capText } from './sharing-words.ts'
import { explainTrust } from './trust-words.ts'

/**
 * The reader's machine of this name, once it has connected anew: one that was online before does not count until it is
 * replaced.
 */
export function findArrived(
  name: string,
  { before, now }: { before: readonly ProviderInfo[]; now: readonly ProviderInfo[] }
): ProviderInfo | undefined {
  const since = findMine(name, before)?.onlineSince
  const machine = findMine(name, now)
  return machine?.isOnline === true && machine.onlineSince !== since ? machine : undefined
}

/** An agent takes the place of another with the same owner and name. */
export const findMine = (name: string, providers: readonly ProviderInfo[]): ProviderInfo | undefined =>
  providers.find((one) => one.isMine && one.name === name)

/**
 * How a machine stands that has connected: the headline and what it may give to whom, as the network page says it. `isReady`: it
 * can make images, and for whom it is meant to. `isLookedAt`: whether it can is about to be known.
 */
export function arrivalOf(machine: ProviderInfo): {
  isReady: boolean
  isLookedAt: boolean
  headline: string
  notes: string[]
} {
  const { name, services, trust } = machine
  const models = services.flatMap((service) => service.models)
  const made = new Set(models.filter((model) => model.canMake).map(({ id }) => id))
  const awaited = new Set(models.filter((model) => model.isAwaited).map(({ id }) => id)).difference(made)
  const notMade = new Set(models.map(({ id }) => id)).difference(made).difference(awaited)
  const isWaiting = trust.isShared && !['trusted', 'limited'].includes(trust.state)
  const isAble = canMake(machine)
  const isAwaited = isLookedAt(machine)
  const headline =
    !isAble && !isAwaited
      ? `${name} is connected, and can make no images yet`
      : isWaiting
        ? `${name} is connected, for you alone so far`
        : `${name} is connected`
  const standing = explainTrust(machine)
  return {
    isReady: isAble && !isWaiting,
    isLookedAt: isAwaited,
    headline,
    notes: [
      ...(made.size > 0 ? [`It serves ${[...made].join(', ')}.`] : []),
      ...(awaited.size > 0 ? [`Looking at its image server for ${[...awaited].join(', ')}…`] : []),
      ...(notMade.size > 0 ? [`It is meant to serve ${[...notMade].join(', ')}${made.size > 0 ? ', too' : ''}.`] : []),
      ...(models.length === 0 ? ['It serves no model yet.'] : []),
      ...(standing === null ? [] : [trust.state === 'pending' ? `${standing} Tell one of them.` : standing]),
      ...services.flatMap((service) => {
        const cap = isImage(service) ? capText(service) : null
        return cap === null ? [] : [`${service.name}: ${cap}.`]
      })
    ]
  }
}

/** What its agent finds wrong with the image servers of a machine, one sentence each; empty when nothing is. */
export const problemsOf = ({ services }: Pick<ProviderInfo, 'services'>): string[] =>
  services.flatMap(({ name, warning }) =>
    warning ? [`${name}: ${warning.text ?? 'its image server cannot be used.'}`] : []
  )
