import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { changePerson } from './change-person.ts'
import { linkPerson } from './link-person.ts'
import { listPeople } from './list-people.ts'

/** Everybody, for admins. */
export function registerPeople(scope: FastifyInstance, context: HttpContext): void {
  listPeople(scope, context)
  changePerson(scope, context)
  linkPerson(scope, context)
}
