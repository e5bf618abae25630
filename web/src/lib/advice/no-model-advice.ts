import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import type { Person } from '../../../../src/http/dashboard/contract/session.ts'
import { isMadeForOthers, pendingWith } from './machines-with.ts'
import { causeWith, type WaitAdvice, type WaitCause } from './wait-advice.ts'

export interface NoModelAdvice {
  /** Why the reader can ask for no model at all, as a headline. */
  title: string
  /** What they can do about it, or whom to ask, by name; null: nothing but to connect a machine. */
  advice: WaitAdvice | null
}

/** What ends soonest by a word of somebody comes first. */
const CAUSES: readonly [cause: WaitCause, title: string][] = [
  ['drained', 'The machines here are paused'],
  ['unusable', 'No image server can be used right now'],
  ['away', 'No machine is online']
]

/** Where no model is offered to the reader: why that is so, of all that they know of the machines, and what ends it. */
export function noModelAdvice(providers: readonly ProviderInfo[], reader: Pick<Person, 'id' | 'role'>): NoModelAdvice {
  const [pending] = pendingWith(providers)
  if (pending) {
    const { id, name, owner } = pending
    const title = 'A machine waits for an admin’s approval'
    return reader.role === 'admin'
      ? { title, advice: { text: `${owner.name}’s ${name} waits for your approval.`, machine: { id, name } } }
      : { title, advice: { text: `Ask an admin to let ${owner.name}’s ${name} in.` } }
  }
  if (isMadeForOthers({ reader, providers })) {
    return {
      title: 'The machines that make images now do not serve your account',
      advice: { text: 'Whom a machine serves is for its owner to say.' }
    }
  }
  for (const [cause, title] of CAUSES) {
    const advice = causeWith(cause, { reader, providers })
    if (advice) return { title, advice }
  }
  return { title: 'No machine is connected yet', advice: null }
}
