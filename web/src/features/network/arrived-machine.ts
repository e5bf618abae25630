import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'

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

/** What its agent finds wrong with the image servers of a machine, one sentence each; empty when nothing is. */
export const problemsOf = ({ services }: Pick<ProviderInfo, 'services'>): string[] =>
  services.flatMap(({ name, warning }) =>
    warning ? [`${name}: ${warning.text ?? 'its image server cannot be used.'}`] : []
  )
