import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Budget } from '../usage/budgets.ts'
import type { HttpContext } from './http-context.ts'
import { sessionEnd } from './session-end.ts'

const ASK_RIGHT_EVERY_MS = 30_000

/**
 * For answers that go on for long: counts this one in for as long as its connection is open, and aborts when that closes, the
 * server stops or `isOver` says that the reader may read on no longer. Throws `rate_limit_exceeded` naming the budget.
 */
export function answerEnd(
  { budgets, stopping, onRightsChange }: Pick<HttpContext, 'budgets' | 'stopping' | 'onRightsChange'>,
  answer: { request: FastifyRequest; reply: FastifyReply; budget: Budget; isOver: () => Promise<boolean> }
): AbortSignal {
  const { request, reply, budget, isOver } = answer
  const leave = budgets.enter(budget, request.principal.userId)
  const closed = new AbortController()
  // Also of an answer that was sent whole.
  const onClose = () => {
    leave()
    closed.abort()
  }
  if (reply.raw.destroyed) onClose()
  else reply.raw.once('close', onClose)
  const left = AbortSignal.any([closed.signal, stopping])
  return AbortSignal.any([left, sessionEnd({ isOver, everyMs: ASK_RIGHT_EVERY_MS, left, onHint: onRightsChange })])
}
