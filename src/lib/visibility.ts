/** Who may fetch the images that a request makes, as its caller says, from the widest to the narrowest. */
export const VISIBILITIES = ['PUBLIC', 'UNLISTED', 'PRIVATE', 'SECRET'] as const

/**
 * `PUBLIC` and `UNLISTED`: whoever has the URL, which nobody can guess; what tells them apart is whether the image may ever be
 * listed for strangers. `PRIVATE`: whoever is a member here. `SECRET`: its owner. Source images and masks are their owner's and
 * the admins' whatever it is.
 */
export type Visibility = (typeof VISIBILITIES)[number]

/** Of whoever says nothing: clients of OpenAI's API show the URLs they get, without a key. */
export const DEFAULT_VISIBILITY: Visibility = 'UNLISTED'

/** Whether the URL alone is enough. */
export const isOpen = (visibility: Visibility): boolean => visibility === 'PUBLIC' || visibility === 'UNLISTED'
