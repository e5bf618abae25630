import type { Limits } from '../config/config.ts'
import type { Trx } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import type { NewConnection, ProviderStore } from '../providers/provider-store.ts'

/**
 * Holds a connection to how many services and models one may have. Asked before any of them is written. Throws
 * `insufficient_quota` naming the budget, in words that fit a WebSocket's close frame.
 */
export function requireOfferBudget(
  { servicesPerProvider, modelsPerProvider }: Limits,
  { services }: Pick<NewConnection, 'services'>
): void {
  if (services.length > servicesPerProvider) {
    throw refuse(`This agent offers ${services.length} services`, servicesPerProvider, 'SERVICES_PER_PROVIDER')
  }
  const models = services.reduce((sum, service) => sum + service.models.length, 0)
  if (models > modelsPerProvider) {
    throw refuse(`This agent offers ${models} models`, modelsPerProvider, 'MODELS_PER_PROVIDER')
  }
}

/**
 * Holds somebody to how many providers they may have. Called in the transaction that writes a connection, after its
 * provider is there. Throws `insufficient_quota` in the same way.
 */
export async function requireProviderBudget(
  trx: Trx,
  { providers, limits }: { providers: ProviderStore; limits: Limits },
  { ownerId }: Pick<NewConnection, 'ownerId'>
): Promise<void> {
  const { providersPerUser } = limits
  if ((await providers.countProviders(trx, ownerId)) > providersPerUser) {
    throw refuse('You have too many providers, forget one', providersPerUser, 'PROVIDERS_PER_USER')
  }
}

const refuse = (what: string, most: number, variable: string) =>
  errors.insufficientQuota(`${what}: ${most} at most here (LIMITS_${variable}).`)
