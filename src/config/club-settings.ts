import { checkRepository } from './check-repository.ts'
import { DAY_MS, MINUTE_MS } from '../lib/durations.ts'
import { booleanSetting, durationSetting, nameSetting, textSetting } from './settings.ts'

export const DEFAULT_CLUB_NAME = 'inference.club'

/** What the people of a club see of it. */
export const CLUB = {
  clubName: nameSetting({
    variable: 'INFERENCE_CLUB_NAME',
    live: true,
    title: 'Name of the club',
    description: 'What the club is called on its pages, in tabs and in the API reference.',
    fallback: DEFAULT_CLUB_NAME,
    maxCharacters: 60
  }),
  repository: textSetting<string>(
    {
      variable: 'INFERENCE_CLUB_REPOSITORY',
      live: true,
      title: 'Where members get the program',
      description:
        'Where members `git clone` this program for their machines, such as `https://git.example.org/inference.club.git`; the lines that connect a machine begin with it.',
      fallback: '',
      defaultText: 'none'
    },
    checkRepository
  ),
  imageLinkLifetimeMs: durationSetting({
    variable: 'INFERENCE_CLUB_IMAGE_LINK_LIFETIME',
    live: true,
    title: 'Links to private images last',
    description: 'How long the links to private and secret images last that answers hold.',
    fallback: DAY_MS,
    minMs: MINUTE_MS,
    // `MAX_LINK_MS` of `assets/image-links.ts`.
    maxMs: 7 * DAY_MS
  }),
  publicPage: booleanSetting<boolean>({
    variable: 'INFERENCE_CLUB_PUBLIC_PAGE',
    live: true,
    title: 'Public page of the newest pictures',
    description:
      'Show the newest `PUBLIC` pictures, without their prompts, to everybody who opens the page `/public`. The guide of privacy says how they are reported and taken down.',
    fallback: false
  })
}
