import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'

export interface Machine {
  name: string
  owner: { id: string; name: string }
}

/** More names than these are no help. */
const MOST_NAMED = 3

/** The machines that have a model for this reader, or without one any, online or not; their own come first. */
export function machinesWith(
  model: string | undefined,
  { reader, providers }: { reader: { id: string }; providers: readonly ProviderInfo[] }
): (Machine & { provider: ProviderInfo })[] {
  const isOwn = ({ owner }: ProviderInfo) => owner.id === reader.id
  return providers
    .filter((provider) =>
      provider.services.some(
        ({ access, models }) =>
          (access !== 'private' || isOwn(provider)) && models.some(({ id }) => id === (model ?? id))
      )
    )
    .toSorted((a, b) => Number(isOwn(b)) - Number(isOwn(a)))
    .map((provider) => ({ name: provider.name, owner: provider.owner, provider }))
}

/** Whom to tell, by name: “tell Ann, whose machine attic tried it, or Ben, whose machine rig tried it”. */
export function tellOwners(machines: readonly Machine[], what: string): string {
  const named = new Set(machines.map(({ name, owner }) => `${owner.name}, whose machine ${name} ${what}`))
  return `tell ${new Intl.ListFormat('en', { style: 'long', type: 'disjunction' }).format([...named].slice(0, MOST_NAMED))}`
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
    ({ owner, trust, services }) =>
      owner.id !== reader.id &&
      (trust.state === 'trusted' || trust.state === 'limited') &&
      services.some(
        ({ type, access, models }) =>
          type === 'image' && access !== 'private' && models.some(({ id, canMake }) => id === (model ?? id) && canMake)
      )
  )

/** Machines that make this model, or without one any, for their owners alone until an admin lets them in. */
export const pendingWith = (providers: readonly ProviderInfo[], model?: string): ProviderInfo[] =>
  providers.filter(
    ({ trust, services }) =>
      trust.state === 'pending' &&
      trust.isShared &&
      services.some(({ access, models }) => access !== 'private' && models.some(({ id }) => id === (model ?? id)))
  )
