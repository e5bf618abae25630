import { dirname, isAbsolute, relative } from 'node:path'
import { checkApiKey } from '../../config/agent-config-checks.ts'
import type { AgentFile } from '../../config/agent-file.ts'
import { loadClientSettings } from '../../config/client-settings.ts'
import { readAgentFile, writeAgentFile } from '../../config/write-agent-file.ts'
import { readGatewayUrl } from '../../lib/gateway-url.ts'
import { ownCommand } from '../../lib/own-command.ts'
import { ask, type Terminal } from '../ask.ts'
import { CommandFailed } from '../command-failed.ts'
import { askForGateway, checkAccess } from './check-access.ts'
import { checkInitOptions, type InitOptions, requireRight } from './check-init.ts'
import { addServices, correctServices } from './correct-file.ts'
import { examineSeen, placesIn, printSightings, say } from './examine.ts'
import { asUrl, placeOf } from './place.ts'
import { explainNothing, takeUnsure, tellLeftOut, unsureOf, type Ways } from './explain-nothing.ts'
import { machineName, openFile, type Surroundings, usualSurroundings } from './run-doctor.ts'
import { type Sighting, survey } from './survey.ts'
import { type Keys, unlock } from './unlock.ts'
import { usableOf } from './usable.ts'

type Access = { key: string } | { keyFile: string } | 'variable' | 'written'

/**
 * Makes the agent's file, or completes it, from what is given, what is found, and what whoever sits at the terminal
 * answers. Throws `MissingOptions` where nobody can be asked, and `CommandFailed`.
 */
export async function initAgent(
  options: InitOptions,
  { terminal, usual }: Surroundings = usualSurroundings()
): Promise<void> {
  const { path } = options
  const before = await readAgentFile(path)
  const file = openFile(before, path)
  checkInitOptions(options)
  const given = readGiven(options, file)
  if (!terminal) requireGiven(given)
  const keys: Keys = { terminal, key: loadClientSettings().imageServerKey }
  const places = options.servers.length > 0 ? options.servers.map((url) => ({ url, isNamed: true })) : usual
  const sightings = await unlock(await survey([...placesIn(file), ...places]), keys)
  const verdicts = before === undefined ? undefined : await examineSeen(sightings, { file, text: before, path })
  printSightings(sightings, { file, trials: new Map(), ifUnsure: IF_UNSURE, ...(verdicts && { verdicts }) })
  const all = await findMore(sightings, { file, keys, options, isThere: before !== undefined })
  const { gateway, access } = terminal ? await askForMissing(given, terminal) : requireGiven(given)
  if (gateway !== 'written') file.set('gateway', asGateway(gateway))
  setAccess(file, access, path)
  await checkAccess(file, { path, terminal })
  if (options.name !== undefined || file.written('name') === undefined) file.set('name', options.name ?? machineName())
  const usable = usableOf(all, new Set())
  const moves = correctServices(file, { sightings: all, usable })
  setTerms(file, options)
  addServices(file, usable, { ...moves, terms: options.terms })
  for (const doubt of moves.doubts) say(doubt)
  const left = requireRight(file, { path, before })
  if (file.changes.length > 0) {
    await writeAgentFile({ path, text: file.toString(), before, holdsSecrets: file.holdsSecrets })
    say(`${path} was ${before === undefined ? 'written' : 'changed'}:`)
    for (const change of file.changes) say(`  ${change}`)
  } else requireAnswers(all, options, true)
  tellOfOthers(all, options)
  if (left.length > 0) throw new CommandFailed(`What is wrong in ${path}:\n${left.map((one) => `  ${one}`).join('\n')}`)
  if (file.changes.length === 0) return say(`${path} needs no change.`)
  say(
    `'${ownCommand} agent --config ${path}' ${before === undefined ? 'starts it' : 'starts it again'}; docs/agent.md, "As a service", has it start with the machine.`
  )
}

/** What nobody was there to be asked for. */
export class MissingOptions extends Error {}

interface Given {
  /** `written`: in the file. */
  gateway?: string
  access?: Access
}

function readGiven({ gateway, key, keyFile }: InitOptions, file: AgentFile): Given {
  const settings = loadClientSettings()
  const found =
    gateway ?? (file.written('gateway') !== undefined ? 'written' : settings.isUrlSet ? settings.url : undefined)
  const isKeyWritten = file.written('api_key') !== undefined || file.written('api_key_file') !== undefined
  const access: Access | undefined =
    keyFile !== undefined
      ? { keyFile }
      : key !== undefined
        ? { key }
        : isKeyWritten
          ? 'written'
          : settings.apiKey !== undefined
            ? 'variable'
            : undefined
  return { ...(found !== undefined && { gateway: found }), ...(access !== undefined && { access }) }
}

/** In the one form in which other programs take it, too. */
function asGateway(text: string): string {
  const read = readGatewayUrl(text)
  if ('problem' in read) throw new CommandFailed(`INFERENCE_CLUB_URL ${read.problem}.`)
  return read.url
}

const askForMissing = async (given: Given, terminal: Terminal): Promise<Required<Given>> => ({
  gateway: given.gateway ?? (await askForGateway(terminal)),
  access: given.access ?? {
    key: await ask(terminal, { text: 'API key of the gateway: ', check: checkApiKey, hidden: true })
  }
})

function requireGiven({ gateway, access }: Given): Required<Given> {
  const missing = [
    ...(gateway === undefined ? ['--gateway <url>'] : []),
    ...(access === undefined ? ['--key-file <file> (or INFERENCE_CLUB_API_KEY, or --key <key>)'] : [])
  ]
  if (gateway !== undefined && access !== undefined) return { gateway, access }
  throw new MissingOptions(`this is no terminal, and nobody can be asked: give ${missing.join(' and ')}`)
}

function setAccess(file: AgentFile, access: Access, path: string): void {
  if (access === 'written') return
  if (access === 'variable') return file.setRaw('api_key', '${INFERENCE_CLUB_API_KEY}')
  if ('keyFile' in access) {
    file.remove('api_key')
    const { keyFile } = access
    return file.set('api_key_file', isAbsolute(keyFile) ? keyFile : relative(dirname(path), keyFile))
  }
  file.remove('api_key_file')
  file.set('api_key', access.key)
}

/** Terms that are given count for services that are there already, too: for those of the named servers, where some are named. */
function setTerms(file: AgentFile, { servers, terms }: InitOptions): void {
  const named = new Set(servers.map(placeOf))
  for (const [index, service] of file.services.entries()) {
    if (service?.type !== 'image') continue
    const place = service.url !== undefined && URL.canParse(service.url) ? placeOf(service.url) : undefined
    if (named.size === 0 || (place !== undefined && named.has(place))) file.setTerms(index, terms)
  }
}

/** Of the servers that were named, those that can be used, and those that cannot. */
function partNamed(sightings: readonly Sighting[], { servers }: InitOptions): Record<'usable' | 'useless', Sighting[]> {
  const named = new Set(servers.map(placeOf))
  const good = new Set(usableOf(sightings, new Set()).map(({ sighting }) => placeOf(sighting.url)))
  const all = sightings.filter(({ url }) => named.has(placeOf(url)))
  const isGood = ({ url }: Sighting) => good.has(placeOf(url))
  return { usable: all.filter(isGood), useless: all.filter((one) => !isGood(one)) }
}

/** Says of the servers that were named and are not taken why that is. Of those that are services already nothing has changed. */
function tellOfOthers(sightings: readonly Sighting[], options: InitOptions): void {
  const others = partNamed(sightings, options).useless.filter(({ service }) => service === undefined)
  for (const sentence of tellLeftOut(others)) say(sentence)
  if (others.length > 0)
    say(`The same command adds ${others.length > 1 ? 'them when they' : 'it when it'} can be used.`)
}

/** Throws `CommandFailed` with what is wrong with those of the servers that were named, and are among these, that cannot be used. */
function requireAnswers(sightings: readonly Sighting[], options: InitOptions, isThere: boolean): void {
  const { useless } = partNamed(sightings, options)
  if (useless.length === 0) return
  const away = useless.filter(({ contact }) => contact === 'none').map(({ shown }) => shown)
  const others = useless.filter(({ contact }) => contact !== 'none')
  const sentences = [
    ...(away.length > 0 ? [`Nothing answers at ${away.join(', ')}.`] : []),
    ...(others.length > 0 ? [explainNothing(others, WAYS).message] : []),
    isThere ? `Nothing was written: ${options.path} stays as it is.` : 'Nothing was written.'
  ]
  throw new CommandFailed(sentences.join('\n'))
}

/** Where nothing certain was found, what may be an image server is taken, or somebody knows better. */
async function findMore(
  sightings: readonly Sighting[],
  { file, keys, options, isThere }: { file: AgentFile; keys: Keys; options: InitOptions; isThere: boolean }
): Promise<readonly Sighting[]> {
  const { terminal } = keys
  if (usableOf(sightings, new Set()).length > 0 || file.services.length > 0) {
    // Of a service the terms may be changed while its server is away.
    if (partNamed(sightings, options).usable.length === 0) {
      const others = sightings.filter(({ service }) => service === undefined)
      requireAnswers(others, options, isThere)
    }
    return sightings
  }
  if (!terminal) return [takeUnsure(sightings, WAYS)]
  // Whoever is asked names a server by taking it.
  const unsure = unsureOf(sightings.map((sighting) => ({ ...sighting, isNamed: true })))
  if (unsure.length === 0)
    say(`Looked at ${sightings.map(({ shown }) => shown).join(', ')}: no image server that can be used is there.`)
  for (const sentence of tellDeclined(sightings)) say(sentence)
  const places = unsure.map(({ shown }) => shown)
  const usual = places[0]
  const question = {
    text:
      usual === undefined
        ? 'Address of the image server, such as http://127.0.0.1:8188: '
        : `Address of the image server (Enter: ${usual}, unsure${places.length > 1 ? `; or ${places.slice(1).join(', ')}, unsure` : ''}; or another): `,
    check: (typed: string) =>
      asUrl(typed) === undefined && !(typed === '' && usual !== undefined) ? 'must be an address' : undefined
  }
  for (;;) {
    const typed = await ask(terminal, question)
    const url = typed === '' ? usual : asUrl(typed)
    const known = unsure.find(({ shown }) => shown === url)
    if (known) return [{ ...known, isNamed: true }]
    const more = await unlock(await survey([{ url: url ?? typed, isNamed: true }]), keys)
    printSightings(more, { file, trials: new Map(), ifUnsure: IF_UNSURE })
    if (usableOf(more, new Set()).length > 0) return more
    const why = tellDeclined(more)
    terminal.output.write(`${why.length > 0 ? why.join('\n') : 'No image server that can be used is there.'}\n`)
  }
}

/** Of servers whose key was asked for and not given, where the next question is for an address. */
const tellDeclined = (sightings: readonly Sighting[]): string[] =>
  sightings
    .filter(({ isKeyDeclined }) => isKeyDeclined)
    .map(
      ({ shown }) =>
        `${shown} lets nobody in without a key, and no key that it takes was given: type its address to be asked again.`
    )

const IF_UNSURE = "'doctor --try' finds out."

const WAYS: Ways = {
  byAddress: 'give its address as --server <url>',
  naming: (url) => `--server ${url}`,
  trying: (url) => `'doctor ${url} --try'`
}
