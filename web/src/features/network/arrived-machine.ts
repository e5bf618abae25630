import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { canMake, isImage } from './provider-lists.ts'
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
 * can make images, and for whom it is meant to.
 */
export function arrivalOf(machine: ProviderInfo): { isReady: boolean; headline: string; notes: string[] } {
  const { name, services, trust } = machine
  const models = services.flatMap((service) => service.models)
  const made = new Set(models.filter((model) => model.canMake).map(({ id }) => id))
  const notMade = new Set(models.map(({ id }) => id)).difference(made)
  const isWaiting = trust.isShared && !['trusted', 'limited'].includes(trust.state)
  const isAble = canMake(machine)
  const headline = !isAble
    ? `${name} is connected, and can make no images yet`
    : isWaiting
      ? `${name} is connected, for you alone so far`
      : `${name} is connected`
  const standing = explainTrust(machine)
  return {
    isReady: isAble && !isWaiting,
    headline,
    notes: [
      ...(made.size > 0 ? [`It serves ${[...made].join(', ')}.`] : []),
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
