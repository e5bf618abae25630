import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../http-context.ts'
import { registerAccount } from './account/index.ts'
import { registerClub } from './club/index.ts'
import { getSession } from './get-session.ts'
import { registerInvitations } from './invitations/index.ts'
import { registerKeys } from './keys/index.ts'
import { getOverview } from './overview/get-overview.ts'
import { registerPeople } from './people/index.ts'
import { registerProviders } from './providers/index.ts'
import { registerReports } from './reports/index.ts'
import { getQueue } from './requests/get-queue.ts'
import { getRequest } from './requests/get-request.ts'
import { listFilters } from './requests/list-filters.ts'
import { searchRequests } from './requests/search-requests.ts'
import { registerSettings } from './settings/index.ts'
import { registerSystem } from './system/index.ts'
import { watchEvents } from './watch-events.ts'

/** What the pages of the dashboard ask for beside the API itself. */
export function registerDashboard(scope: FastifyInstance, context: HttpContext): void {
  getSession(scope, context)
  registerClub(scope, context)
  searchRequests(scope, context)
  getRequest(scope, context)
  getQueue(scope, context)
  listFilters(scope, context)
  watchEvents(scope, context)
  registerProviders(scope, context)
  registerKeys(scope, context)
  registerInvitations(scope, context)
  getOverview(scope, context)
  registerAccount(scope, context)
  registerPeople(scope, context)
  registerReports(scope, context)
  registerSettings(scope, context)
  registerSystem(scope, context)
}
