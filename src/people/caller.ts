/** Where the caller's address stands in what better-auth reads, whatever they send under this name themselves. */
export const ADDRESS_HEADER = 'x-caller-address'

/** Who calls from a browser, and what they call us. */
export interface Caller {
  /** What our URLs begin with for them, without a slash at its end. */
  base: string
  /** IP address. */
  address: string
  headers: {
    cookie?: string | undefined
    origin?: string | undefined
    'sec-fetch-site'?: string | string[] | undefined
    'user-agent'?: string | undefined
  }
}

/** The headers that better-auth may see: no other can mislead it. */
export function headersOf({ address, headers }: Caller): Headers {
  const { cookie, origin } = headers
  return new Headers({
    [ADDRESS_HEADER]: address,
    ...(cookie !== undefined && { cookie }),
    ...(origin !== undefined && { origin }),
    ...(headers['user-agent'] !== undefined && { 'user-agent': headers['user-agent'] })
  })
}
