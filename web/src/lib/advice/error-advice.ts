import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import type { AttemptInfo, RequestError } from '../../../../src/http/dashboard/contract/requests.ts'
import type { Person } from '../../../../src/http/dashboard/contract/session.ts'
import { IS_TO_HAVE, type Machine, machinesWith, tellOwners } from './machines-with.ts'
import { approvalAdvice, isWaitCause, newHereAdvice, remedyOf } from './wait-advice.ts'

/** Who reads of an error, and where the request was tried. */
export interface AdviceContext {
  reader: Pick<Person, 'id' | 'role'>
  /** What the request asked for. */
  model: string
  attempts: readonly Pick<AttemptInfo, 'provider' | 'owner' | 'state' | 'reason'>[]
  /** Every machine that the reader may know of. */
  providers: readonly ProviderInfo[]
}

type Unbegun = NonNullable<RequestError['unbegun']>
type Advice = string | ((context: AdviceContext, unbegun: Unbegun | undefined) => string)

const LATER = 'Retry it later, or use another model.'

/** What to do about an error that ended a request, by its code: something that its reader can do. */
const ADVICE: Record<string, Advice> = {
  content_rejected: 'The image server refused what was asked for. Change the prompt or the images, then send it again.',
  no_provider: (context, unbegun) =>
    unbegun ? aboutUnbegun(context, unbegun) : `${LATER} ${aboutMachines(context)}`.trim(),
  upstream_error: (context) => `Retry it. ${aboutFailures(context)}`,
  // Of earlier ones the message says when to try again.
  upstream_busy: (context, unbegun) => (unbegun ? aboutUnbegun(context, unbegun) : aboutMachines(context)),
  timeout: 'It took longer than its machine allows. Ask for fewer steps or a smaller size.',
  invalid_request: 'The image server does not accept these parameters. Change them in the playground.',
  invalid_size: 'Choose another size in the playground.',
  storage_unavailable: ({ reader }) =>
    isAdmin(reader)
      ? 'Images could not be stored or read: look at the disk under Admin. Retry it when that works again, or send the source images anew.'
      : 'Images could not be stored or read. Retry it later, or send the source images anew; if it fails again, tell an admin.',
  insufficient_quota: ({ reader }) =>
    isAdmin(reader)
      ? 'A limit is used up. Wait until it renews, or raise it under Admin.'
      : 'A limit is used up. Wait until it renews, or ask an admin to raise it.',
  internal_error: ({ reader }) =>
    isAdmin(reader)
      ? 'Retry it. If it fails again, tell whoever runs this server the id of this request: its log has the reason under it.'
      : 'Retry it. If it fails again, tell an admin the id of this request.'
}

const OTHERWISE = 'Retry it, or change it in the playground.'

/** What the owner of a machine does there, by the reason of its failed attempt. */
const ON_THE_MACHINE: Record<string, string> = {
  out_of_memory:
    'end what else uses its graphics card; its agent can keep edits that name no size smaller (max_pixels in its file)',
  timeout: 'see whether its image server hangs, or allow it more time (timeout in the agent’s file)',
  hung: 'start its image server again: it kept an image for too long, and made nothing more',
  bad_output: 'make an image with its image server itself, without the club: it delivers none that can be used',
  lease_lapsed: 'see that it is on, that its agent runs, and that its network works',
  agent_lost: 'see that it is on, that its agent runs, and that its network works'
}
const OTHERWISE_THERE = 'see that its image server runs and makes images by itself; what the agent printed says more'

/** Undefined where the error itself says all of it. What it says is not looked at: it may be the words of any version. */
export function adviceFor({ code, unbegun }: RequestError, context: AdviceContext): string | undefined {
  const advice = (Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined) ?? OTHERWISE
  const text = typeof advice === 'string' ? advice : advice(context, unbegun)
  return text === '' ? undefined : text
}

/** Whether the advice names machines that no attempt was made on. */
export const needsProviders = ({ code }: RequestError): boolean => code === 'no_provider' || code === 'upstream_busy'

const isAdmin = ({ role }: AdviceContext['reader']): boolean => role === 'admin'

/** What to do where it was tried: on the reader's own machine, or with its owner. */
function aboutFailures({ reader, attempts }: AdviceContext): string {
  const failed = attempts.filter(({ state }) => state === 'failed' || state === 'lapsed')
  const own = failed.findLast(({ owner }) => owner.id === reader.id)
  if (own) {
    const remedy = Object.hasOwn(ON_THE_MACHINE, own.reason ?? '') ? ON_THE_MACHINE[own.reason ?? ''] : undefined
    return `If it fails again, look after ${own.provider}: ${remedy ?? OTHERWISE_THERE}.`
  }
  const machines: Machine[] = failed.map(({ provider, owner }) => ({ name: provider, owner }))
  if (machines.length > 0) return `If it fails again, ${tellOwners(machines, { one: 'tried it', many: 'tried it' })}.`
  return isAdmin(reader) ? 'If it fails again, see under Admin what else failed.' : 'If it fails again, tell an admin.'
}

/** What to do where nobody could begin, by why that was. */
function aboutUnbegun(context: AdviceContext, unbegun: Unbegun): string {
  const { reader, model, providers } = context
  switch (unbegun.reason) {
    // The message says when there may be more.
    case 'capped':
      return ''
    case 'new_here':
      return newHereAdvice({ model, reader, providers })?.text ?? ''
    case 'approval':
      return approvalAdvice(reader)
    case 'not_served':
      return 'Use another model: whom a machine serves is its owner’s choice.'
    default:
      return [LATER, ...aboutHeldBack(unbegun, context)].join(' ')
  }
}

/** What to do on the reader's own machine that was held back, or with the owners of those that were. */
function aboutHeldBack({ reason, machines }: Unbegun, { reader, providers }: AdviceContext): string[] {
  const held = providers.filter(({ id }) => machines.includes(id))
  const own = held.find(({ owner }) => owner.id === reader.id)
  if (own) {
    const remedy = isWaitCause(reason) ? remedyOf(reason) : 'see whether its image server is busy with other work'
    return [`It is your machine ${own.name}: ${remedy}.`]
  }
  return held.length > 0 ? [`If it stays so, ${tellOwners(held, { one: 'it is', many: 'they are' })}.`] : []
}

/** The same where it was not kept why: as may be said whatever the message says of the machines with the model. */
function aboutMachines({ reader, model, providers }: AdviceContext): string {
  const machines = machinesWith(model, { reader, providers })
  const own = machines.find(({ owner }) => owner.id === reader.id)
  if (own) {
    return `Your machine ${own.name} is to have this model: see that it is on, that its agent and its image server run, and that the server has the model.`
  }
  return machines.length > 0 ? `If it stays so, ${tellOwners(machines, IS_TO_HAVE)}.` : ''
}
