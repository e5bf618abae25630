import { closestName } from './closest-name.ts'

export interface Machine {
  name: string
  /** Of the caller. */
  isOwn: boolean
}

/** What is known of a call for a model that nobody online serves for the caller. */
export interface NoProvider {
  model: string
  /** What it needs beside the model, when the model alone is not all that is missing. */
  needed: readonly string[]
  /** Models that can be made for the caller now, with the same needs, and those that somebody online offers and nobody can make now. */
  available: readonly string[]
  waiting: readonly string[]
  /** Machines that have offered it lately to the caller and do not now. */
  away: readonly Machine[]
  /** Machines that are there and offer it to the caller, but whose image server lacks it by the name that it is asked for. */
  lacking: readonly Machine[]
  /** Machines that serve it, and would serve the caller when an admin lets them in. */
  pending: readonly string[]
  /** The call asks for the caller's own machines alone. */
  isOnlyOwn: boolean
  /** The caller is an admin. */
  isAdmin: boolean
  /** The caller has an API key, and sees no pages. */
  hasKey: boolean
}

/** As many as a message can name. */
const MOST_NAMED = 20
const MOST_MACHINES_NAMED = 3

/**
 * What there is in place of what was asked for, as far as the names fit: `Available: 'a', 'b'. Waiting for its image server: 'c'.`
 * `none` begins the sentence where nothing can be had now; empty when there is nothing at all.
 */
export function nameOthers(
  { available, waiting }: Pick<NoProvider, 'available' | 'waiting'>,
  { where = '', none = `Nothing can be made${where} now` }: { where?: string; none?: string } = {}
): string {
  const isOne = waiting.length === 1
  const its = isOne ? 'its image server' : 'their image servers'
  if (available.length > 0) {
    const later = waiting.length > 0 ? ` Waiting for ${its}: ${nameSome(waiting)}.` : ''
    return ` Available${where}: ${nameSome(available)}.${later}`
  }
  return waiting.length > 0 ? ` ${none}: ${nameSome(waiting)} ${isOne ? 'waits' : 'wait'} for ${its}.` : ''
}

/** Why there is no provider, and what its reader can do: an owner, an admin, a member on a page, a program with a key. */
export function noProviderWords(known: NoProvider): string {
  const { model, needed, available, hasKey } = known
  const lacking = needed.length === 0 ? '' : ` with ${needed.join(', ')}`
  const list = hasKey && available.length > 0 ? ' GET /v1/models lists what you may use.' : ''
  return `No online image provider serves '${model}'${lacking} for you.${adviceOf(known)}${nameOthers(known, { where: lacking })}${list}`
}

/** An owner's own machine comes first: of it the reader can put right what is wrong. */
function adviceOf(known: NoProvider): string {
  const { away, lacking, pending } = known
  if (lacking.some(({ isOwn }) => isOwn)) return adviceOfLacking(lacking)
  if (pending.length > 0) return adviceOfPending(known)
  if (lacking.length > 0) return adviceOfLacking(lacking)
  return away.length > 0 ? adviceOfAway(away) : adviceOfNone(known)
}

/** What awaits approval is named to those alone who may approve it. */
function adviceOfPending({ pending, isAdmin }: NoProvider): string {
  const isOne = pending.length === 1
  if (!isAdmin) {
    const who = isOne ? 'A machine that serves it waits' : 'Machines that serve it wait'
    return ` ${who} for an admin's approval: ask one.`
  }
  const [waits, them] = isOne ? ['serves it and waits', 'it'] : ['serve it and wait', 'them']
  return ` ${nameMachines(pending)} ${waits} for an admin's approval: let ${them} in on the page Network of the dashboard.`
}

/** Where own machines are among them these alone, else all. */
function nameThose(machines: readonly Machine[]): {
  own: readonly Machine[]
  those: readonly Machine[]
  names: string
} {
  const own = machines.filter(({ isOwn }) => isOwn)
  const those = own.length > 0 ? own : machines
  return { own, those, names: nameMachines(those.map(({ name }) => name)) }
}

const OWNERS = 'tell the owner, whom the page Network of the dashboard names'

function adviceOfLacking(lacking: readonly Machine[]): string {
  const { own, those, names } = nameThose(lacking)
  const server = those.length === 1 ? 'The image server' : 'The image servers'
  const lacks = those.length === 1 ? 'lacks' : 'lack'
  return own.length > 0
    ? ` ${server} of your ${names} ${lacks} the model by the name that the agent's file has for it (served_as): the agent's terminal and its page under Network list what it has.`
    : ` ${server} of ${names} ${lacks} it: ${OWNERS}.`
}

function adviceOfAway(away: readonly Machine[]): string {
  const { own, those, names } = nameThose(away)
  const has = those.length === 1 ? 'has' : 'have'
  const wait = 'with "async": true the image waits for it.'
  return own.length > 0
    ? ` Your ${names} ${has} offered it lately: see that agent and image server run, or ${wait}`
    : ` ${names} ${has} offered it lately: ${OWNERS}, or ${wait}`
}

function adviceOfNone({ model, needed, available, waiting, isOnlyOwn, isAdmin }: NoProvider): string {
  const offered = [...available, ...waiting]
  const meant = closestName(model, offered)
  if (meant !== undefined) return ` Did you mean '${meant}'?`
  if (offered.length > 0) return ''
  if (needed.length > 0) return ' No online model can do that.'
  if (isOnlyOwn) return ' The call asks for your own machines alone, and none of them offers anything now.'
  return isAdmin
    ? ' No machine offers anything that you may use now: connect one, the page Network of the dashboard says how.'
    : ' No machine offers anything that you may use now. Tell an admin, try again later, or connect one of your own: the page Network of the dashboard says how.'
}

const nameMachines = (names: readonly string[]) => nameSome(names, MOST_MACHINES_NAMED)

function nameSome(names: readonly string[], most = MOST_NAMED): string {
  const more = names.length > most ? ` and ${names.length - most} more` : ''
  return quoted(names.slice(0, most)) + more
}

const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')
