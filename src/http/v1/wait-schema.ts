import { Type } from 'typebox'
import { ALSO_REASONS, reasonWords, WAIT_REASONS } from '../../lib/wait-reasons.ts'

/** Why nobody may begin an image now, as `presentWait` spells it. */
export const waitSchema = (description: string) =>
  Type.Object(
    {
      reason: Type.Enum(WAIT_REASONS, {
        description: WAIT_REASONS.map((reason) => `- \`${reason}\`: ${reasonWords(reason)}.`).join('\n')
      }),
      until: Type.Optional(
        Type.Integer({
          description:
            'Unix seconds, the earliest moment: of those who wait for a limit the first goes on then, or before that where images are `being_made`. Absent when nobody can know.'
        })
      ),
      gives_up_at: Type.Optional(
        Type.Integer({
          description:
            'Of a job: when it fails if nobody could begin it until then, Unix seconds. Absent when it goes on waiting.'
        })
      ),
      own_share: Type.Optional(
        Type.Boolean({
          description: 'Of `capped`, true: your own share of an hour is used up, and others may get some still.'
        })
      ),
      also: Type.Optional(
        Type.Enum(ALSO_REASONS, {
          description:
            'What keeps the same machine from it, too, as a limit of an hour that is reached where the image server is busy. It ends no later; of several it is the one that ends last. Absent where nothing does.'
        })
      ),
      being_made: Type.Optional(
        Type.Integer({
          description:
            'Of `capped` and `new_here`: so many images hold the last places of the hour while they are being made; if enough of them fail (one, unless the limit was lowered), the next goes on at once, or when what is told by `also` is over. Absent when all that count were made.'
        })
      )
    },
    { description }
  )
