import type { Visibility } from '../../../src/http/dashboard/contract/requests.ts'

/** Who may fetch an image, from the widest to the narrowest. */
export const VISIBILITY_CHOICES: readonly { value: Visibility; label: string; detail: string }[] = [
  {
    value: 'PUBLIC',
    label: 'Public',
    detail:
      'Whoever has the address may see the images, and where the club has a page of public pictures they are on it.'
  },
  { value: 'UNLISTED', label: 'Unlisted', detail: 'Whoever has the address may see the images; it cannot be guessed.' },
  { value: 'PRIVATE', label: 'Private', detail: 'Members of this club who have the address may see the images.' },
  { value: 'SECRET', label: 'Secret', detail: 'You alone see the images; admins do not.' }
]

const BESIDE_LINKS: Partial<Record<Visibility, string>> = {
  PRIVATE: 'Members of this club who have the address may see the images, and whoever has a share link.',
  SECRET: 'You alone see the images, and whoever has a share link; admins do not.'
}

/** The same while share links are open, which count whatever the visibility is. */
export const CHOICES_BESIDE_LINKS: typeof VISIBILITY_CHOICES = VISIBILITY_CHOICES.map((one) => ({
  ...one,
  detail: BESIDE_LINKS[one.value] ?? one.detail
}))

/** An owner's alone: not even an admin may fetch the images. */
export const isSealed = (
  { visibility, owner }: { visibility: Visibility; owner: { id: string } },
  reader: { id: string }
): boolean => visibility === 'SECRET' && owner.id !== reader.id

export const visibilityOf = (value: Visibility) => VISIBILITY_CHOICES.find((one) => one.value === value)

/** For a choice that may be left to a default, which the empty value stands for. */
export const withDefault = (label: string): { value: Visibility | ''; label: string }[] => [
  { value: '', label },
  ...VISIBILITY_CHOICES.map((one) => ({ value: one.value, label: one.label }))
]

/** What is not as usual is said again, so that what is made anew is seen by nobody else. */
export const chosenVisibility = (visibility: Visibility): Visibility | '' =>
  visibility === 'UNLISTED' ? '' : visibility
