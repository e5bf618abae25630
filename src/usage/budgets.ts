import type { Limits } from '../config/config.ts'
import { type AppError, errors } from '../lib/errors.ts'
import { formatBytes } from '../lib/quantities.ts'

/** What a person may have a number of at the same time. */
export type Budget = 'calls' | 'streams' | 'bytesInFlight' | 'exports'

export type BudgetLimits = Pick<Limits, 'callsPerUser' | 'streamsPerUser' | 'bytesInFlightPerUser' | 'bytesInFlight'>

/**
 * Holds somebody to how many webhooks may be pending: `pending` are, and `more` would come. Throws `insufficient_quota`
 * naming the budget.
 */
export function requireWebhookRoom(
  { webhooksPerUser: most }: Pick<Limits, 'webhooksPerUser'>,
  { pending, more }: { pending: number; more: number }
): void {
  if (pending + more <= most) return
  throw errors.insufficientQuota(
    `You may have ${most} webhooks that are still to be delivered (LIMITS_WEBHOOKS_PER_USER), and ${pending} are. Send it without 'webhook_url', or when others have been delivered or given up.`
  )
}

export interface Budgets {
  /**
   * Counts so much in for a person, before there is any work; the returned function counts it out, once. Whoever has nothing
   * yet is let in, however much it is. Throws `rate_limit_exceeded` naming the budget.
   */
  enter(budget: Budget, userId: string, amount?: number): () => void
}

interface Rule {
  perUser: (limits: BudgetLimits) => number
  total?: (limits: BudgetLimits) => number
  /** Of a person, or of everybody together. */
  refuse: (most: number, whose: 'user' | 'all') => AppError
}

/** Seconds after which what is there now has most likely gone on a little. */
const TRY_AGAIN_S = 5

const RULES: Record<Budget, Rule> = {
  calls: {
    perUser: (limits) => limits.callsPerUser,
    refuse: (most) =>
      errors.rateLimited(
        `You may have ${most} calls open at a time (LIMITS_CALLS_PER_USER). Wait for some to be answered.`,
        TRY_AGAIN_S
      )
  },
  streams: {
    perUser: (limits) => limits.streamsPerUser,
    refuse: (most) =>
      errors.rateLimited(
        `You may have ${most} streams of events open at a time (LIMITS_STREAMS_PER_USER). Close one first.`,
        TRY_AGAIN_S
      )
  },
  exports: {
    perUser: () => 1,
    refuse: () => errors.rateLimited('An export of yours is being sent. Wait for its end, or close it.', TRY_AGAIN_S)
  },
  bytesInFlight: {
    perUser: (limits) => limits.bytesInFlightPerUser,
    total: (limits) => limits.bytesInFlight,
    refuse: (most, whose) =>
      errors.rateLimited(
        whose === 'user'
          ? `At most ${formatBytes(most)} may be on their way here for you at a time (LIMITS_BYTES_IN_FLIGHT_PER_USER). Send it again when others have arrived.`
          : `At most ${formatBytes(most)} may be on their way here at a time (LIMITS_BYTES_IN_FLIGHT). Send it again in a while.`,
        TRY_AGAIN_S
      )
  }
}

/** Counts in this process what there is right now; the limits are asked at each time, for admins may change them. */
export function createBudgets(limits: BudgetLimits): Budgets {
  const ofUser = new Map<string, number>()
  const ofAll = new Map<Budget, number>()
  return {
    enter: (budget, userId, amount = 1) => {
      const rule = RULES[budget]
      const key = `${budget} ${userId}`
      const own = ofUser.get(key) ?? 0
      const all = ofAll.get(budget) ?? 0
      const perUser = rule.perUser(limits)
      if (own > 0 && own + amount > perUser) throw rule.refuse(perUser, 'user')
      const total = rule.total?.(limits) ?? Infinity
      if (own > 0 && all + amount > total) throw rule.refuse(total, 'all')
      ofUser.set(key, own + amount)
      ofAll.set(budget, all + amount)
      let isIn = true
      return () => {
        if (!isIn) return
        isIn = false
        ofAll.set(budget, (ofAll.get(budget) ?? 0) - amount)
        const left = (ofUser.get(key) ?? 0) - amount
        if (left > 0) ofUser.set(key, left)
        else ofUser.delete(key)
      }
    }
  }
}
