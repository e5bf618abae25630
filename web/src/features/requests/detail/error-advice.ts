import type { AttemptInfo, RequestError } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { Person } from '../../../../../src/http/dashboard/contract/session.ts'

/** Who reads of an error, and where the request was tried. */
export interface AdviceContext {
  reader: Pick<Person, 'id' | 'role'>
  attempts: readonly Pick<AttemptInfo, 'provider' | 'owner' | 'state'>[]
}

type Advice = string | ((context: AdviceContext) => string)

/** What to do about an error that ended a request, by its code: something that its reader can do. */
const ADVICE: Record<string, Advice> = {
  content_rejected: 'The image server refused what was asked for. Change the prompt or the images, then send it again.',
  no_provider:
    'No machine that serves this model was online in time. Retry it later or use another model; whose machine has it is told under Network.',
  upstream_error: (context) => `Retry it. If it fails again, ${whomToTell(context)}`,
  upstream_busy: 'The image servers that have this model were busy or could not be used. Retry it later.',
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
      ? "Retry it. If it fails again, look for the id of this request in the server's log."
      : 'Retry it. If it fails again, tell an admin the id of this request.'
}

const OTHERWISE = 'Retry it, or change it in the playground.'

export function adviceFor({ code }: RequestError, context: AdviceContext): string {
  const advice = (Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined) ?? OTHERWISE
  return typeof advice === 'string' ? advice : advice(context)
}

const isAdmin = ({ role }: AdviceContext['reader']): boolean => role === 'admin'

/** Only who runs a machine can read its log: others are told whom to ask. */
function whomToTell({ reader, attempts }: AdviceContext): string {
  const failed = attempts.filter(({ state }) => state === 'failed' || state === 'lapsed')
  if (failed.some(({ owner }) => owner.id === reader.id)) {
    return 'look at the log of the image server that is named below.'
  }
  const machines = [
    ...new Map(failed.map(({ provider, owner }) => [`${owner.id} ${provider}`, { provider, owner }])).values()
  ]
  if (machines.length === 0) return isAdmin(reader) ? "look at the server's log." : 'tell an admin.'
  const told = machines.map(({ provider, owner }) => `${owner.name}, whose machine ${provider} tried it`)
  return `tell ${new Intl.ListFormat('en', { style: 'long', type: 'disjunction' }).format(told)}.`
}
