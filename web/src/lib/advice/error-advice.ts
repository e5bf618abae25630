import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import type { AttemptInfo, RequestError } from '../../../../src/http/dashboard/contract/requests.ts'
import type { Person } from '../../../../src/http/dashboard/contract/session.ts'
import { newHereAdvice } from './wait-advice.ts'
import { type Machine, machinesWith, tellOwners } from './machines-with.ts'

/** Who reads of an error, and where the request was tried. */
export interface AdviceContext {
  reader: Pick<Person, 'id' | 'role'>
  /** What the request asked for. */
  model: string
  attempts: readonly Pick<AttemptInfo, 'provider' | 'owner' | 'state' | 'reason'>[]
  /** Every machine that the reader may know of. */
  providers: readonly ProviderInfo[]
}

type Advice = string | ((context: AdviceContext, said: string) => string)

/** What to do about an error that ended a request, by its code: something that its reader can do. */
const ADVICE: Record<string, Advice> = {
  content_rejected: 'The image server refused what was asked for. Change the prompt or the images, then send it again.',
  no_provider: (context) =>
    `Retry it later or use another model. ${aboutMachines(context, 'see that it is on, and that its agent runs')}`,
  upstream_error: (context) => `Retry it. ${aboutFailures(context)}`,
  upstream_busy: (context, said) =>
    [
      saysWhen(said) ? '' : 'Retry it later.',
      newHereAdvice(context)?.text ??
        (namesMachine(said)
          ? ''
          : aboutMachines(context, 'see that its image server runs, has the model and is not busy with other work'))
    ]
      .filter((part) => part !== '')
      .join(' '),
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
    'end what else uses its graphics card, or have its agent take smaller pictures (max_pixels in the agent’s file)',
  timeout: 'see whether its image server hangs, or allow it more time (timeout in the agent’s file)',
  bad_output: 'make an image with its image server itself, without the club: it delivers none that can be used',
  lease_lapsed: 'see that it is on, that its agent runs, and that its network works',
  agent_lost: 'see that it is on, that its agent runs, and that its network works'
}
const OTHERWISE_THERE = 'see that its image server runs and makes images by itself; what the agent printed says more'

/** Undefined where the error itself says all of it. */
export function adviceFor({ code, message }: RequestError, context: AdviceContext): string | undefined {
  const advice = (Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined) ?? OTHERWISE
  const text = typeof advice === 'string' ? advice : advice(context, message)
  return text === '' ? undefined : text
}

/** Who has waited long enough is told by the gateway when to come back, and whose machine it is (`http/v1/images/image-exchange.ts`). */
const saysWhen = (said: string): boolean => /Try again later\.|There may be more at /.test(said)
const namesMachine = (said: string): boolean => /It is your machine |If it stays so, tell /.test(said)

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

/** What to do about the machines that have the model and could not begin. */
function aboutMachines({ reader, model, providers }: AdviceContext, remedy: string): string {
  const machines = machinesWith(model, { reader, providers })
  const own = machines.find(({ owner }) => owner.id === reader.id)
  if (own) return `Your machine ${own.name} has this model: ${remedy}.`
  return machines.length > 0
    ? `If it stays so, ${tellOwners(machines, { one: 'has this model', many: 'have this model' })}.`
    : ''
}
