import type { HttpContext } from '../../http-context.ts'
import type { ClubInfo } from '../contract/session.ts'

/** Where the picture is, below the base path. */
export const PICTURE_PATH = '/api/dashboard/club/picture'

/** As everybody is told who comes to the door. */
export function presentClub({ config, clubPicture }: Pick<HttpContext, 'config' | 'clubPicture'>): ClubInfo {
  const hash = clubPicture.hash()
  return {
    name: config.club.clubName,
    // Another picture has another address, so that whoever has seen this one need not ask again.
    picture: hash === undefined ? null : `${PICTURE_PATH}?v=${hash.slice(0, 16)}`
  }
}
