import type { ServiceSlots, SlotSource } from '../dispatch/slot-source.ts'
import { CLOSE_CODES } from '../protocol/messages.ts'
import type { AgentSession } from './agent-session.ts'

export interface SessionRegistry extends SlotSource {
  /** A newer session of the same provider takes the place of an older one, which is closed. */
  add(session: AgentSession): void
  remove(session: AgentSession): void
  sessions(): AgentSession[]
}

/** The agents connected to this process. */
export function createSessionRegistry(): SessionRegistry {
  const byProvider = new Map<string, AgentSession>()
  return {
    add: (session) => {
      const older = byProvider.get(session.providerId)
      byProvider.set(session.providerId, session)
      older?.end()
      older?.close(CLOSE_CODES.replaced, 'a newer connection of this provider took over')
    },
    remove: (session) => {
      session.end()
      if (byProvider.get(session.providerId) === session) byProvider.delete(session.providerId)
    },
    sessions: () => [...byProvider.values()],
    freeServices: (): ServiceSlots[] => [...byProvider.values()].flatMap((session) => session.freeServices()),
    runningByUser: () => {
      const running = new Map<string, number>()
      for (const session of byProvider.values()) {
        for (const user of session.runningUsers()) running.set(user, (running.get(user) ?? 0) + 1)
      }
      return running
    }
  }
}
