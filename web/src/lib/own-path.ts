/**
 * The path, query and fragment of an address if it is one of this site, else undefined: what a link brought along must
 * not lead anywhere else. Browsers read `//host`, `/\host` and the like as other hosts, so they are asked.
 */
export function ownPath(address: string, origin: string): string | undefined {
  if (!address.startsWith('/') || !URL.canParse(address, origin)) return undefined
  const url = new URL(address, origin)
  return url.origin === origin ? url.pathname + url.search + url.hash : undefined
}
