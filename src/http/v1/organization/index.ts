import type { FastifyInstance } from 'fastify'
import { readExchange } from './read-exchange.ts'
import { readUsage, type UsageContext } from './read-usage.ts'

export function registerOrganization(scope: FastifyInstance, context: UsageContext): void {
  readUsage(scope, context)
  readExchange(scope, context)
}
