import { isIP } from 'node:net'

const GROUPS = 8

/**
 * What counts as one where strangers are counted by address: of IPv6 the network of 64 bits, all of whose addresses are one
 * customer's to choose from (RFC 6177); any other address as it is.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  // Short, in lower case, and without dots, however it was written.
  const [front = [], back = []] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const left = Array<string>(GROUPS - front.length - back.length).fill('0')
  return `${[...front, ...left, ...back].slice(0, GROUPS / 2).join(':')}::/64`
}
