import { BlockList, isIP } from 'node:net'

/**
 * What IANA's registries of special-purpose addresses list as not globally reachable, or as a way to reach an address
 * inside another (https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry).
 */
const IPV4_NETWORKS = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, where clouds keep their metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4' // reserved, broadcast
]

/** All but 2000::/3, the only global unicast there is, and what is special within it. */
const IPV6_NETWORKS = [
  '::/3', // unspecified, loopback, IPv4-mapped (whatever it maps), NAT64
  '2001::/23', // protocol assignments, among them Teredo
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which holds an IPv4 address
  '3fff::/20', // documentation
  '4000::/2', // unassigned, segment routing
  '8000::/1' // unique local, link-local, multicast
]

// Two lists: one alone would look for an IPv4 address among the IPv6 networks too, in its mapped form.
const PRIVATE_IPV4 = blockList(IPV4_NETWORKS, 'ipv4')
const PRIVATE_IPV6 = blockList(IPV6_NETWORKS, 'ipv6')

function blockList(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

/**
 * Whether an IP address (as `dns.lookup` gives it, so without brackets) is anything but a global unicast one. What is
 * no IP address counts as private: nobody knows where it leads.
 */
export function isPrivateAddress(address: string): boolean {
  const [bare = ''] = address.split('%')
  const family = isIP(bare)
  if (family === 4) return PRIVATE_IPV4.check(bare, 'ipv4')
  return family === 0 || PRIVATE_IPV6.check(bare, 'ipv6')
}
