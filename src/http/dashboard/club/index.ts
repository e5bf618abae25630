import type { FastifyInstance } from 'fastify'
import { MAX_PICTURE_BYTES } from '../../../settings/club-picture.ts'
import { refuseOtherMethods } from '../../hooks/refuse-other-methods.ts'
import type { HttpContext } from '../../http-context.ts'
import { changePicture } from './change-picture.ts'
import { getPicture } from './get-picture.ts'
import { resetPicture } from './reset-picture.ts'

/** The picture of the club: a scope of its own, for no other route takes an image as its body. */
export function registerClub(scope: FastifyInstance, context: HttpContext): void {
  scope.register(async (pictures) => {
    // What the bytes are is judged by the bytes.
    pictures.addContentTypeParser(
      /^image\//,
      { parseAs: 'buffer', bodyLimit: MAX_PICTURE_BYTES },
      (_request, body, done) => done(null, body)
    )
    const refuseOthers = refuseOtherMethods(pictures)
    getPicture(pictures, context)
    changePicture(pictures, context)
    resetPicture(pictures, context)
    refuseOthers()
  })
}
