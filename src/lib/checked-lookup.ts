import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** A host turned out to lead to an address that must not be dialed. */
export class PrivateAddress extends Error {}

/**
 * The `lookup` of a connection that fails with `PrivateAddress` where `refuses` does. The addresses that are judged are those
 * that are dialed, so a name that changes what it points to in between gains nothing. One refused address among several is
 * enough to refuse the name: which of them is dialed is not ours to choose.
 */
export const checkedLookup =
  (resolve: (hostname: string) => Promise<LookupAddress[]>, refuses: (address: string) => boolean): LookupFunction =>
  (hostname, options, done) => {
    resolve(hostname).then(
      (addresses) => {
        if (addresses.some(({ address }) => refuses(address))) return done(new PrivateAddress(), '')
        if (options.all) return done(null, addresses)
        const [first] = addresses
        done(null, first?.address ?? '', first?.family)
      },
      (error: Error) => done(error, '')
    )
  }
