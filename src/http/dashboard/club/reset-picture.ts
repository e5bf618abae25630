import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { ClubInfo } from '../contract/session.ts'
import { presentClub } from './present-club.ts'

/** `DELETE /api/dashboard/club/picture`: the product's own sign is shown again. */
export function resetPicture(
  scope: FastifyInstance,
  { clubPicture, config }: Pick<HttpContext, 'clubPicture' | 'config'>
): void {
  scope.delete('/club/picture', { config: { operation: 'manageSettings' } }, async (): Promise<ClubInfo> => {
    await clubPicture.reset()
    return presentClub({ config, clubPicture })
  })
}
