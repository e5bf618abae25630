import { checkServerKey } from '../../config/agent-config-checks.ts'
import { ask, type Terminal } from '../ask.ts'
import { CommandFailed } from '../command-failed.ts'
import { lookAgain, type Sighting } from './survey.ts'

/** The variable from which commands have the key of an image server, where nobody else sees it. */
export const KEY_VARIABLE = 'INFERENCE_CLUB_IMAGE_SERVER_KEY'

export interface Keys {
  /** Who can be asked for keys; absent: nobody. */
  terminal: Terminal | undefined
  /** Of `KEY_VARIABLE`. It goes to no server where several want one: it is of one of them. */
  key: string | undefined
}

/** Whether a server lets nobody in, and no key is written for it. */
export const isLocked = ({ found: [best], apiKey }: Sighting): boolean =>
  best?.wantsKey === true && apiKey === undefined

/** What is said of a locked server whose key somebody was asked for, and what they may do about it. */
export const NO_KEY_GIVEN = 'no key that it takes was given: run this again and type it where it is asked for'

/**
 * Looks again, each with its key, at servers that let nobody in without one: by the variable, or as somebody types it. Throws
 * `CommandFailed` when what the variable holds is no key.
 */
export async function unlock(sightings: readonly Sighting[], { terminal, key }: Keys): Promise<Sighting[]> {
  const locked = sightings.filter(isLocked)
  const unlocked = new Map<Sighting, Sighting>()
  const problem = key !== undefined && locked.length === 1 ? checkServerKey(key) : undefined
  if (problem !== undefined) throw new CommandFailed(`${KEY_VARIABLE} ${problem}.`)
  for (const sighting of locked) {
    if (key !== undefined && locked.length === 1) unlocked.set(sighting, await lookAgain(sighting, key))
    else if (terminal) unlocked.set(sighting, await askForKey(sighting, terminal))
  }
  return sightings.map((sighting) => unlocked.get(sighting) ?? sighting)
}

async function askForKey(sighting: Sighting, terminal: Terminal): Promise<Sighting> {
  terminal.output.write(`${sighting.shown}: ${sighting.found[0]?.note ?? ''}\n`)
  const text = `Key of ${sighting.shown} (Enter: none): `
  const check = (typed: string) => (/\s/.test(typed) ? 'must be without blanks' : checkServerKey(typed))
  for (;;) {
    const typed = await ask(terminal, { text, check, hidden: true })
    if (typed === '') return { ...sighting, isKeyDeclined: true }
    const seen = await lookAgain(sighting, typed)
    if (seen.found[0]?.wantsKey !== true) return seen
    terminal.output.write('The server refuses that key.\n')
  }
}
