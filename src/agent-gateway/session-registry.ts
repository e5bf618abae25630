import type { ServiceSlots, SlotSource } from '../dispatch/slot-source.ts'
import { CLOSE_CODES } from '../protocol/messages.ts'
import type { AgentSession } from './agent-session.ts'

export interface SessionRegistry extends SlotSource {
  /** Of two sessions of one provider the newer stays; the older is closed, whichever is added first. */
  add(session: AgentSession): void
  remove(session: AgentSession): void
  sessions(): AgentSession[]
}

/** The agents connected to this process. */
export function createSessionRegistry(): SessionRegistry {
  const byProvider = new Map<string, AgentSession>()
  return {
    add: (session) => {
      const known = byProvider.get(session.providerId)
      const [newer, older] = known && known.epoch > session.epoch ? [known, session] : [session, known]
      byProvider.set(session.providerId, newer)
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
