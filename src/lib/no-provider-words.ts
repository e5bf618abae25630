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
  /**
   * Models that can be made for the caller now, with the same needs, and those that somebody online offers and nobody can make now: their
   * image servers cannot be used (`waiting`), or the caller has had what their machines may make for them within an hour (`capped`).
   */
  available: readonly string[]
  waiting: readonly string[]
  capped: readonly string[]
  /** Machines that have offered it lately to the caller and do not now. */
  away: readonly Machine[]
  /** Machines that are there and offer it to the caller, but whose image server lacks it by the name that it is asked for. */
  lacking: readonly Machine[]
  /** Machines that serve it, and would serve the caller when an admin lets them in. */
  pending: readonly string[]
  /** The same, but they are away, or their image servers cannot be used or lack it: approval alone would not help. */
  pendingUnready: readonly string[]
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

/** What cannot be made now, and why. */
export type Others = Pick<NoProvider, 'available' | 'waiting' | 'capped'>

/**
 * What there is in place of what was asked for, as far as the names fit: `Available: 'a', 'b'. Waiting for its image server: 'c'.`
 * `none` begins the sentence where nothing can be had now; empty when there is nothing at all.
 */
export function nameOthers(
  { available, waiting, capped }: Others,
  { where = '', none = `Nothing can be made${where} now` }: { where?: string; none?: string } = {}
): string {
  const later = [
    { names: waiting, what: waiting.length === 1 ? 'its image server' : 'their image servers' },
    { names: capped, what: `the hourly limits of ${capped.length === 1 ? 'its' : 'their'} machines` }
  ].filter(({ names }) => names.length > 0)
  if (available.length > 0) {
    const waits = later.map(({ names, what }) => ` Waiting for ${what}: ${nameSome(names)}.`).join('')
    return ` Available${where}: ${nameSome(available)}.${waits}`
  }
  const waits = later.map(
    ({ names, what }) => `${nameSome(names)} ${names.length === 1 ? 'waits' : 'wait'} for ${what}`
  )
  return waits.length > 0 ? ` ${none}: ${waits.join('; ')}.` : ''
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
  const { away, lacking, pending, pendingUnready } = known
  if (lacking.some(({ isOwn }) => isOwn)) return adviceOfLacking(lacking)
  if (pending.length > 0) return adviceOfPending(known)
  if (lacking.length > 0) return adviceOfLacking(lacking)
  if (away.length > 0) return adviceOfAway(away)
  return pendingUnready.length > 0 ? adviceOfUnready(known) : adviceOfNone(known)
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

/** What has to be mended comes before what has to be decided. */
function adviceOfUnready({ pendingUnready: machines, isAdmin }: NoProvider): string {
  const isOne = machines.length === 1
  const state = isOne
    ? 'is away, or its image server cannot make it now'
    : 'are away, or their image servers cannot make it now'
  const mend = isOne ? 'its owner has to mend that first' : 'their owners have to mend that first'
  const [it, waits] = isOne ? ['it', 'It waits'] : ['them', 'They wait']
  if (!isAdmin)
    return ` ${isOne ? 'A machine that offers it' : 'Machines that offer it'} ${state}: ${mend}. Then ask an admin to approve ${it}.`
  return ` ${nameMachines(machines)} ${isOne ? 'offers it, but it' : 'offer it, but'} ${state}: ${mend}. ${waits} for an admin's approval, too: let ${it} in then, on the page Network of the dashboard.`
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

function adviceOfNone({ model, needed, available, waiting, capped, isOnlyOwn, isAdmin }: NoProvider): string {
  const offered = [...available, ...waiting, ...capped]
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
