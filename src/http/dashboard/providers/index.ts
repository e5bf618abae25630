import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { changeBlock } from './change-block.ts'
import { changeDrain } from './change-drain.ts'
import { changeOffer } from './change-offer.ts'
import { changeTerms, findPeopleToServe } from './change-terms.ts'
import { decideTrust } from './decide-trust.ts'
import { forgetProvider } from './forget-provider.ts'
import { getNetwork } from './get-network.ts'
import { getProvider } from './get-provider.ts'
import { warmModel } from './warm-model.ts'

/** Everybody's providers, and what their owners and admins do with them. */
export function registerProviders(scope: FastifyInstance, context: HttpContext): void {
  getNetwork(scope, context)
  getProvider(scope, context)
  changeDrain(scope, context)
  changeBlock(scope, context)
  changeTerms(scope, context)
  changeOffer(scope, context)
  warmModel(scope, context)
  findPeopleToServe(scope, context)
  decideTrust(scope, context)
  forgetProvider(scope, context)
}
