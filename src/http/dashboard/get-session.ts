import type { FastifyInstance } from 'fastify'
import { seesOthers } from '../../assets/may-see.ts'
import { callerOf } from '../auth/caller.ts'
import type { HttpContext } from '../http-context.ts'
import type { SessionInfo } from './contract/session.ts'
import { presentClub } from './club/present-club.ts'
import { presentPerson } from './present-person.ts'

/** `GET /api/dashboard/session`: who is signed in, if anybody, and how one can. Whoever comes back stays signed in. */
export function getSession(
  scope: FastifyInstance,
  { people, config, version, clubPicture }: Pick<HttpContext, 'people' | 'config' | 'version' | 'clubPicture'>
): void {
  scope.get('/session', async (request, reply): Promise<SessionInfo> => {
    const caller = callerOf(request, config)
    const person = await people.principalOf(caller)
    if (person) void reply.header('set-cookie', await people.renewCookies(caller))
    const { maxImagesPerRequest, maxInputImages, maxUploadBytes } = config.limits
    return {
      person: person ? presentPerson(person) : null,
      isShutOut: person === undefined && (await people.isShutOut(caller)),
      seesOthers: person !== undefined && seesOthers(person, config.limits),
      club: presentClub({ config, clubPicture }),
      signIn: { ...people.signInOptions(), isUnclaimed: person === undefined && !(await people.isClaimed()) },
      limits: { maxImagesPerRequest, maxInputImages, maxUploadBytes },
      repository: person && config.club.repository !== '' ? config.club.repository : null,
      mayCheckPictures: person !== undefined || config.publicProvenance,
      version
    }
  })
}
