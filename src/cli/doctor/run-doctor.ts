import { hostname } from 'node:os'
import { AgentFile } from '../../config/agent-file.ts'
import { readAgentFile, writeAgentFile } from '../../config/write-agent-file.ts'
import { loadClientSettings } from '../../config/client-settings.ts'
import { findOpenSecrets } from '../../config/written-secrets.ts'
import { findTerminal, type Terminal } from '../ask.ts'
import { CommandFailed } from '../command-failed.ts'
import { findRefusal } from './check-access.ts'
import { addServices, correctServices, type Looked } from './correct-file.ts'
import { checkFile, examineSeen, placesIn, printSightings, say } from './examine.ts'
import { findProblems, type Verdicts } from './examine-services.ts'
import { explainNothing, takeUnsure, type Ways } from './explain-nothing.ts'
import { type Place, type Sighting, survey, usualPlaces } from './survey.ts'
import { type Trial, tryImage } from './try-image.ts'
import { unlock } from './unlock.ts'
import { modelsOf, type Usable, usableOf } from './usable.ts'
import { ownCommand } from '../../lib/own-command.ts'

export interface DoctorOptions {
  /** Addresses of image servers; none: the usual ones. */
  urls: readonly string[]
  /** The agent's file, which need not be there. */
  path: string
  /** Somebody has named the file: it must be there, unless it is to be written. */
  isFileNamed: boolean
  write: boolean
  tries: boolean
}

export interface Surroundings {
  /** Absent: nobody can be asked. */
  terminal: Terminal | undefined
  /** Where image servers are looked for when none is named. */
  usual: readonly Place[]
}

export const usualSurroundings = (): Surroundings => ({ terminal: findTerminal(), usual: usualPlaces() })

/** Tells which image servers there are, and what is wrong with the agent's file. Throws `CommandFailed`, `ConfigError`. */
export async function runDoctor(
  { urls, path, isFileNamed, write, tries }: DoctorOptions,
  { terminal, usual }: Surroundings = usualSurroundings()
): Promise<void> {
  const looksAtFile = write || isFileNamed || urls.length === 0
  const before = looksAtFile ? await readAgentFile(path) : undefined
  if (before === undefined && isFileNamed && !write) throw new CommandFailed(`${path}: there is no such file.`)
  const file = before === undefined ? undefined : openFile(before, path)
  const named: Place[] = urls.map((url) => ({ url, isNamed: true }))
  const places = [...(file ? placesIn(file) : []), ...(named.length > 0 ? named : usual)]
  const keys = { terminal, key: loadClientSettings().imageServerKey }
  const sightings = await unlock(await survey(places), keys)
  const trials = tries ? await tryAll(sightings) : new Map<Sighting, Trial>()
  const verdicts = file && before !== undefined ? await examineSeen(sightings, { file, text: before, path }) : new Map()
  printSightings(sightings, { file, trials, ifUnsure: '--try finds out.', verdicts, isJudged: true })

  const worked = new Set([...trials].flatMap(([sighting, { worked: made }]) => (made ? [sighting] : [])))
  const certain = usableOf(sightings, worked)
  const hasNothing = certain.length === 0 && (!file || file.services.length === 0)
  if (hasNothing && (!write || tries)) throw explainNothing(sightings, WAYS, trials)
  const usable = hasNothing ? usableOf([takeUnsure(sightings, WAYS)], worked) : certain
  if (write) await writeFile({ path, before, sightings, usable, verdicts })
  else if (file && before !== undefined) await tellOfFile({ path, before, sightings, usable, verdicts })
  else say(`'doctor --write' writes a file for the agent, 'agent --init' starts one as well.`)
}

const WAYS: Ways = {
  byAddress: 'give its address',
  naming: (url) => `'doctor ${url} --write'`,
  trying: (url) => `'doctor ${url} --try'`
}

/** With its keys as they were meant, so that nothing that is written under a misspelt one is overlooked, or filled in beside it. */
export function openFile(text: string | undefined, path: string): AgentFile {
  const file = new AgentFile({ text, path })
  file.correctKeys()
  return file
}

/** Models of a server of which none is known to make images. */
const MOST_TRIED = 3

/** One after the other: they may share a GPU. */
async function tryAll(sightings: readonly Sighting[]): Promise<Map<Sighting, Trial>> {
  const trials = new Map<Sighting, Trial>()
  for (const usable of usableOf(sightings, new Set(sightings))) {
    const { sighting, recognised } = usable
    for (const { servedAs } of modelsOf(recognised).slice(0, recognised.unclear ? MOST_TRIED : 1)) {
      process.stderr.write(`Having ${sighting.shown} make a small image…\n`)
      const trial = await tryImage(usable, servedAs)
      trials.set(sighting, trial)
      if (trial.worked) break
    }
  }
  return trials
}

interface FileWork {
  path: string
  before: string | undefined
  sightings: readonly Sighting[]
  usable: readonly Usable[]
  /** Of services as they are before. */
  verdicts: Verdicts
}

async function writeFile({ path, before, sightings, usable, verdicts }: FileWork): Promise<void> {
  const file = openFile(before, path)
  fillIn(file)
  correctAndAdd(file, { sightings, usable })
  const text = file.changes.length === 0 ? (before ?? '') : file.toString()
  const isNew = before === undefined
  if (file.changes.length > 0) {
    await writeAgentFile({ path, text, before, holdsSecrets: file.holdsSecrets })
    say(`${path} was ${isNew ? 'written' : 'corrected'}:`)
    for (const change of file.changes) say(`  ${change}`)
  }
  const isAsBefore = file.changes.length === 0
  await judge({ path, text, ifRight: isAsBefore ? 'needs no change' : 'is right now', ...(isAsBefore && { verdicts }) })
  if (isNew) say(`Start it with '${ownCommand} agent --config ${path}'.`)
}

function correctAndAdd(file: AgentFile, looked: Looked): void {
  const moves = correctServices(file, looked)
  addServices(file, looked.usable, moves)
  for (const doubt of moves.doubts) say(doubt)
}

/** What every file needs; gateway and key come from the variables that other commands have them from. */
function fillIn(file: AgentFile): void {
  if (file.written('gateway') === undefined) file.setRaw('gateway', '${INFERENCE_CLUB_URL:-http://127.0.0.1:8080}')
  if (file.written('api_key') === undefined && file.written('api_key_file') === undefined) {
    file.setRaw('api_key', '${INFERENCE_CLUB_API_KEY}')
  }
  if (file.written('name') === undefined) file.set('name', machineName())
}

export const machineName = (): string => hostname().split('.')[0]?.slice(0, 100) || 'home-rig'

async function tellOfFile({ path, before, sightings, usable, verdicts }: FileWork & { before: string }): Promise<void> {
  const corrected = openFile(before, path)
  correctAndAdd(corrected, { sightings, usable })
  if (corrected.changes.length > 0) {
    say(`With --write, in ${path}:`)
    for (const change of corrected.changes) say(`  ${change}`)
  }
  const ifRight = corrected.changes.length === 0 ? 'is right as it is' : 'can be used as it is, too'
  await judge({ path, text: before, ifRight, verdicts })
}

/**
 * Says of a file what it is `ifRight`, and has its gateway judge its key. Throws `CommandFailed` with what an agent would not start
 * with, or would warn of.
 */
async function judge({
  path,
  text,
  ifRight,
  verdicts
}: {
  path: string
  text: string
  ifRight: string
  verdicts?: Verdicts
}): Promise<void> {
  const { config, mistakes } = checkFile({ text, path })
  const open = config ? await findOpenSecrets({ path, text, apiKey: config.apiKey }) : []
  for (const warning of [...(config?.warnings ?? []), ...open]) say(`WARNING ${warning}`)
  const [refusal, { problems: others, advice }] = await Promise.all([
    findRefusal(openFile(text, path), path),
    config ? findProblems(config, verdicts) : { problems: mistakes, advice: [] }
  ])
  const problems = refusal === undefined ? others : [refusal, ...others]
  for (const sentence of advice) say(sentence)
  if (problems.length === 0) return say(`${path} ${ifRight}.`)
  throw new CommandFailed(`What is wrong in ${path}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
}
