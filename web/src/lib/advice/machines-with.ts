import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'

export interface Machine {
  name: string
  owner: { id: string; name: string }
}

/** More names than these are no help. */
const MOST_NAMED = 3

const servesOthers = ({ trust }: ProviderInfo): boolean => trust.state === 'trusted' || trust.state === 'limited'

/**
 * The machines that have a model for this reader, or without one any, online or not; their own come first. Those that do not serve
 * them are none, whether that is for its owner or for an admin to say.
 */
export function machinesWith(
  model: string | undefined,
  { reader, providers }: { reader: { id: string }; providers: readonly ProviderInfo[] }
): (Machine & { provider: ProviderInfo })[] {
  const isOwn = ({ owner }: ProviderInfo) => owner.id === reader.id
  return providers
    .filter(({ services }) =>
      services.some(({ bar, models }) => bar === null && models.some(({ id }) => id === (model ?? id)))
    )
    .toSorted((a, b) => Number(isOwn(b)) - Number(isOwn(a)))
    .map((provider) => ({ name: provider.name, owner: provider.owner, provider }))
}

const listOf = (names: readonly string[], type: 'conjunction' | 'disjunction'): string =>
  new Intl.ListFormat('en', { style: 'long', type }).format(names.slice(0, MOST_NAMED))

/** What is so of machines that have a model by the agent's file, whatever their image servers have of it. */
export const IS_TO_HAVE = { one: 'is to have this model', many: 'are to have this model' }

/**
 * Whom to tell, each once: “tell Ann, whose machines attic and den have this model or Ben, whose machine rig has this model”.
 * `what` is what one machine did, and what several did.
 */
export function tellOwners(machines: readonly Machine[], what: { one: string; many: string }): string {
  const owners = [...Map.groupBy(machines, ({ owner }) => owner.id).values()].map((theirs) => {
    const names = [...new Set(theirs.map(({ name }) => name))]
    const which =
      names.length === 1 ? `machine ${names[0]} ${what.one}` : `machines ${listOf(names, 'conjunction')} ${what.many}`
    return `${theirs[0]?.owner.name}, whose ${which}`
  })
  return `tell ${listOf(owners, 'disjunction')}`
}

/**
 * Whether somebody else's machine makes this model, or without one any, for others now. Where it is not offered to the reader
 * all the same, its owner does not serve them.
 */
export const isMadeForOthers = (
  { reader, providers }: { reader: { id: string }; providers: readonly ProviderInfo[] },
  model?: string
): boolean =>
  providers.some(
    (provider) =>
      provider.owner.id !== reader.id &&
      servesOthers(provider) &&
      provider.services.some(
        ({ type, access, models }) =>
          type === 'image' && access !== 'private' && models.some(({ id, canMake }) => id === (model ?? id) && canMake)
      )
  )

/** Machines that make this model, or without one any, for their owners alone until an admin lets them in, and for the reader then. */
export const pendingWith = (providers: readonly ProviderInfo[], model?: string): ProviderInfo[] =>
  providers.filter(
    ({ trust, services }) =>
      trust.state === 'pending' &&
      trust.isShared &&
      services.some(
        ({ access, bar, models }) =>
          access !== 'private' && bar !== 'reader' && models.some(({ id }) => id === (model ?? id))
      )
  )
