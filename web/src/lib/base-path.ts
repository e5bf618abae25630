/** The path below which this club lives on its host, as the server writes it into the page; empty at the root. */
export const basePath = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? ''

/** What people and programs call this club, without a slash at its end. */
export const clubUrl = (): string => location.origin + basePath
