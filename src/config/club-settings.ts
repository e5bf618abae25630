import { nameSetting } from './settings.ts'

export const DEFAULT_CLUB_NAME = 'inference.club'

/** What the people of a club see of it. */
export const CLUB = {
  clubName: nameSetting({
    variable: 'INFERENCE_CLUB_NAME',
    live: true,
    description: 'What the club is called on its pages, in tabs and in the API reference.',
    fallback: DEFAULT_CLUB_NAME,
    maxCharacters: 60
  })
}
