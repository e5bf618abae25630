import { networkInterfaces } from 'node:os'

/** The addresses of this machine by which others may reach it, without those that need the name of an interface. */
export const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map(({ address }) => address)
