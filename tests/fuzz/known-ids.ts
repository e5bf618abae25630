import fc, { type Arbitrary } from 'fast-check'

/** Kinds of what there are some of in the world of the calls. */
export const ID_KINDS = [
  'job',
  'batch',
  'asset',
  'key',
  'provider',
  'person',
  'invitation',
  'token',
  'delivery'
] as const
export type IdKind = (typeof ID_KINDS)[number]
export type KnownIds = Record<IdKind, readonly string[]>

/**
 * Stands in any text for the id of something that is there, of any kind unless one is named: what is generated does not
 * depend on the ids that happen to be.
 */
export const knownId = (kind?: IdKind): Arbitrary<string> =>
  fc
    .tuple(kind ? fc.constant(kind) : fc.constantFrom(...ID_KINDS), fc.nat(9))
    .map(([which, index]) => `@${which}:${index}@`)

/** Puts the ids in place of what stands for them. */
export const fillIds = (text: string, ids: KnownIds): string =>
  text.replaceAll(/@(\w+):(\d+)@/g, (mark, kind: string, index) => {
    const known = ids[kind as IdKind] as readonly string[] | undefined
    return known?.[Number(index) % known.length] ?? mark
  })
