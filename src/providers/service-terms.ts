/** Who may use a service: every member, its owner alone, or the owner and those listed, by e-mail address or by id. */
export type ServiceAccess = 'members' | 'private' | string[]

/** Whom a service serves beside its owner, and with how much. */
export interface ServiceTerms {
  access: ServiceAccess
  /** Images that others than its owner may have from it within an hour, in all and each; absent: as many as they like. */
  imagesPerHour?: number
  imagesPerUserHour?: number
}

/** What its owner has set here in place of what the agent declares; what is absent is as declared. */
export interface OwnerTerms {
  access?: ServiceAccess
  /** `none`: as many as they like. */
  imagesPerHour?: number | 'none'
  imagesPerUserHour?: number | 'none'
}

/** What counts: the owner's word here wins over that in the agent's file, whichever allows more. */
export function mergeTerms(declared: ServiceTerms, owner: OwnerTerms): ServiceTerms {
  return {
    access: owner.access ?? declared.access,
    ...cap('imagesPerHour', owner.imagesPerHour ?? declared.imagesPerHour),
    ...cap('imagesPerUserHour', owner.imagesPerUserHour ?? declared.imagesPerUserHour)
  }
}

const cap = (name: 'imagesPerHour' | 'imagesPerUserHour', value: number | 'none' | undefined): Partial<ServiceTerms> =>
  typeof value === 'number' ? { [name]: value } : {}

/** Columns of `services` that hold terms. */
export const termColumns = ({ access, imagesPerHour, imagesPerUserHour }: ServiceTerms) => ({
  access: JSON.stringify(access),
  images_per_hour: imagesPerHour ?? null,
  images_per_user_hour: imagesPerUserHour ?? null
})

export const termsOfRow = (row: ReturnType<typeof termColumns>): ServiceTerms => ({
  access: JSON.parse(row.access) as ServiceAccess,
  ...(row.images_per_hour !== null && { imagesPerHour: row.images_per_hour }),
  ...(row.images_per_user_hour !== null && { imagesPerUserHour: row.images_per_user_hour })
})

/** The terms as the agent declares them, whatever the owner has set. */
export const declaredTerms = (row: ReturnType<typeof termColumns> & { declared_terms: string | null }): ServiceTerms =>
  row.declared_terms === null ? termsOfRow(row) : (JSON.parse(row.declared_terms) as ServiceTerms)

export const ownerTerms = ({ owner_terms }: { owner_terms: string | null }): OwnerTerms =>
  owner_terms === null ? {} : (JSON.parse(owner_terms) as OwnerTerms)

/** People that one service may list, as in the agent's file. */
export const MOST_LISTED = 1000

/** Of those listed some are named by their address, the others by the id of their account. */
export const isAddress = (listed: string): boolean => listed.includes('@')
