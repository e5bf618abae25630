import { NOTHING_PAUSED } from '../protocol/messages.ts'
import type { Paused } from '../providers/provider-state-store.ts'

const MAX_NAMES = 5

/** What whoever runs an agent should know of a pause set on the dashboard, or of its end. */
export function pausedNote({ all, services }: Paused): string {
  if (all) return 'This machine is paused on the dashboard: it finishes what it runs, and is given nothing new.'
  if (services.length === 0) return NOTHING_PAUSED
  const more = services.length > MAX_NAMES ? ` and ${services.length - MAX_NAMES} more` : ''
  const names = services.slice(0, MAX_NAMES).map((name) => name.slice(0, 40))
  return `Paused on the dashboard: ${names.join(', ')}${more}. What runs is finished, and nothing new is given there.`
}
