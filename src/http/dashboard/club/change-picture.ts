import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { MAX_PICTURE_BYTES } from '../../../settings/club-picture.ts'
import type { HttpContext } from '../../http-context.ts'
import { presentClub } from './present-club.ts'
import type { ClubInfo } from '../contract/session.ts'

/** `PUT /api/dashboard/club/picture`: a png, jpeg or webp as the body; its middle becomes the club's picture. */
export function changePicture(
  scope: FastifyInstance,
  { clubPicture, config }: Pick<HttpContext, 'clubPicture' | 'config'>
): void {
  scope.put(
    '/club/picture',
    { config: { operation: 'manageSettings' }, bodyLimit: MAX_PICTURE_BYTES },
    async ({ body, principal }): Promise<ClubInfo> => {
      if (!Buffer.isBuffer(body)) {
        throw errors.unsupportedMediaType('The body must be the image itself: a png, jpeg or webp.')
      }
      await clubPicture.change(body, principal.userId)
      return presentClub({ config, clubPicture })
    }
  )
}
