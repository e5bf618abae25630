import { CommandFailed } from '../command-failed.ts'
import { say } from './examine.ts'
import type { Sighting } from './survey.ts'
import type { Trial } from './try-image.ts'
import { isLocked, KEY_VARIABLE, NO_KEY_GIVEN } from './unlock.ts'
import { usableOf } from './usable.ts'

/** What may be typed next, in the words of the command that looked. */
export interface Ways {
  /** How an address is given. */
  byAddress: string
  /** What takes a server of which it is not known whether it makes images. */
  naming: (url: string) => string
  /** What has such a server show it. */
  trying: (url: string) => string
}

/** Those that may make images: of them it cannot be asked. */
export const unsureOf = (sightings: readonly Sighting[]): Sighting[] =>
  usableOf(sightings, new Set(sightings)).map(({ sighting }) => sighting)

/** The only server that may make images, where nobody can be asked; says so. Throws `CommandFailed` when there is none, or several. */
export function takeUnsure(sightings: readonly Sighting[], ways: Ways): Sighting {
  const [only, ...others] = unsureOf(sightings)
  if (!only) throw explainNothing(sightings, ways)
  if (others.length > 0) {
    const all = [only, ...others].map(({ shown }) => shown)
    throw new CommandFailed(
      `It is not known which of ${all.join(', ')} make images: name those that do, such as ${ways.naming(only.shown)}.`
    )
  }
  say(`${only.shown} is taken, being the only one: take its service out of the file if it makes no images.`)
  return { ...only, isNamed: true }
}

/**
 * Why nothing that was seen can be used as it is, and what to type next: a server that lacks a key or a trial was found,
 * and need not be started. `trials` are what was tried.
 */
export function explainNothing(
  sightings: readonly Sighting[],
  { byAddress, naming, trying }: Ways,
  trials: ReadonlyMap<Sighting, Trial> = new Map()
): CommandFailed {
  const list = (some: readonly Sighting[]) => some.map(({ shown }) => shown).join(', ')
  const tell = (some: readonly Sighting[], sentence: string) => (some.length > 0 ? [`${list(some)} ${sentence}`] : [])
  const others = sightings.filter(({ found: [best] }) => best?.server !== 'inference.club')
  const allLocked = others.filter(isLocked)
  const declined = allLocked.filter(({ isKeyDeclined }) => isKeyDeclined)
  const locked = allLocked.filter(({ isKeyDeclined }) => !isKeyDeclined)
  const untried = others.filter((one) => !trials.has(one))
  const unsure = unsureOf(untried.map((one) => ({ ...one, isNamed: true })))
  const next = (url: string) => `${trying(url)} has it make one, ${naming(url)} takes it as it is`
  const sentences = [
    ...tell(
      locked,
      locked.length > 1
        ? `let nobody in without a key: give the address of the one whose key ${KEY_VARIABLE} is, or run this at a terminal, which asks.`
        : `lets nobody in without a key: set ${KEY_VARIABLE} to it, or run this at a terminal, which asks for it.`
    ),
    ...declined.map(({ shown }) => `${shown} lets nobody in without a key, and ${NO_KEY_GIVEN}.`),
    ...tell(
      others.filter(({ found: [best], apiKey }) => best?.wantsKey && apiKey !== undefined),
      'refuses the key that it was given.'
    ),
    ...tell([...trials.keys()], 'made no image, as the table says.'),
    ...tell(unsure, `may make images, which cannot be asked: ${next(unsure[0]?.shown ?? '')}.`)
  ]
  if (sentences.length > 0) return new CommandFailed(sentences.join('\n'))
  const there = others.filter(({ contact }) => contact !== 'none')
  const why = OBSTACLES.map((obstacle) => ({ obstacle, some: there.filter((one) => obstacleOf(one) === obstacle) }))
    .filter(({ some }) => some.length > 0)
    .map(({ obstacle: { one, several }, some }) => ({ some, sentence: some.length > 1 ? several : one }))
  const isEachNamed = sightings.every((one) => why.some(({ some }) => some.includes(one)))
  const told = [
    ...(isEachNamed ? [] : [`looked at ${list(sightings)}`]),
    ...why.map(({ some, sentence }) => `${list(some)} ${sentence}`)
  ]
  return new CommandFailed(
    `No image server that can be used was found (${told.join('; ')}). Start it first, or ${byAddress}.`
  )
}

/** What keeps a server from being used as it is, of one and of several; the first that is true of it counts. */
const OBSTACLES: readonly { isOfIt: (sighting: Sighting) => boolean; one: string; several: string }[] = [
  {
    isOfIt: ({ contact }) => contact === 'silent',
    one: 'takes connections and does not answer',
    several: 'take connections and do not answer'
  },
  {
    isOfIt: ({ fault }) => fault !== undefined,
    one: 'lets nobody through, as is said of it',
    several: 'let nobody through, as is said of them'
  },
  {
    isOfIt: ({ found }) => found.length === 0,
    one: 'answers as no image server that is known',
    several: 'answer as no image server that is known'
  },
  { isOfIt: () => true, one: 'cannot be used as it is', several: 'cannot be used as they are' }
]

const obstacleOf = (sighting: Sighting) => OBSTACLES.find(({ isOfIt }) => isOfIt(sighting))

/** Of servers that are not taken, while others are: why, a sentence for each. */
export function tellLeftOut(sightings: readonly Sighting[]): string[] {
  const isOnlyLocked = sightings.filter(isLocked).length === 1
  const why = (sighting: Sighting): string => {
    if (sighting.contact === 'none') return 'nothing answers there'
    if (isLocked(sighting)) {
      if (sighting.isKeyDeclined) return `it lets nobody in without a key, and ${NO_KEY_GIVEN}`
      const key = isOnlyLocked ? `set ${KEY_VARIABLE} to it` : `name it alone, and set ${KEY_VARIABLE} to its key`
      return `it lets nobody in without a key: ${key}, or run this at a terminal, which asks for it`
    }
    if (sighting.found[0]?.wantsKey) return 'it refuses the key that it was given'
    return `it ${obstacleOf(sighting)?.one}`
  }
  return sightings.map((sighting) => `${sighting.shown} was left out: ${why(sighting)}.`)
}
