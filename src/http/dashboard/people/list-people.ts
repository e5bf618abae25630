import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { PersonInfo } from '../contract/admin.ts'
import { presentPeople } from './present-person-info.ts'

/** `GET /api/dashboard/people`: everybody, newest last. */
export function listPeople(scope: FastifyInstance, context: Pick<HttpContext, 'people' | 'usage' | 'now'>): void {
  scope.get('/people', { config: { operation: 'managePeople' } }, async (): Promise<PersonInfo[]> =>
    presentPeople(context, await context.people.list())
  )
}
