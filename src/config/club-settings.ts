import { checkRepository } from './check-repository.ts'
import { nameSetting, textSetting } from './settings.ts'

export const DEFAULT_CLUB_NAME = 'inference.club'

/** What the people of a club see of it. */
export const CLUB = {
  clubName: nameSetting({
    variable: 'INFERENCE_CLUB_NAME',
    live: true,
    description: 'What the club is called on its pages, in tabs and in the API reference.',
    fallback: DEFAULT_CLUB_NAME,
    maxCharacters: 60
  }),
  repository: textSetting<string>(
    {
      variable: 'INFERENCE_CLUB_REPOSITORY',
      live: true,
      description:
        'Where members `git clone` this program for their machines, such as `https://git.example.org/inference.club.git`; the lines that connect a machine begin with it.',
      fallback: '',
      defaultText: 'none'
    },
    checkRepository
  )
}
