import { explainServer } from '../../agent/explain-server.ts'
import { type AgentConfig, loadAgentConfig } from '../../config/agent-config.ts'
import type { AgentFile } from '../../config/agent-file.ts'
import { ConfigError } from '../../config/config.ts'
import { EngineOptionError } from '../../engines/engine-options.ts'
import type { Recognised } from '../../engines/fingerprint.ts'
import { ENGINES } from '../../engines/engine-descriptions.ts'
import { cleanText } from '../../lib/clean-text.ts'
import { printTable } from '../print-table.ts'
import { examineServices, type Verdict, type Verdicts } from './examine-services.ts'
import { modelsOf } from './usable.ts'
import { asUrl, rootOf } from './place.ts'
import type { Place, Sighting } from './survey.ts'
import type { Trial } from './try-image.ts'
import { isLocked, KEY_VARIABLE, NO_KEY_GIVEN } from './unlock.ts'

/** Where the services of a file expect their servers. */
export const placesIn = (file: AgentFile): Place[] =>
  file.services.flatMap((service, index) => {
    const url = service?.url === undefined ? undefined : asUrl(service.url)
    if (!service || url === undefined) return []
    const { apiKey, engine, headers } = service
    return [
      {
        url,
        ...(apiKey !== undefined && { apiKey }),
        ...(engine !== undefined && { engine }),
        ...(headers && { headers }),
        service: index,
        isNamed: true
      }
    ]
  })

/** Writes a line; whatever of it servers have said does nothing to the terminal. */
export const say = (line: string): void => void process.stdout.write(`${cleanText(line)}\n`)

/** Tells what is where. Usual places at which nothing is are not told. */
export function printSightings(
  sightings: readonly Sighting[],
  {
    file,
    trials,
    ifUnsure,
    verdicts,
    isJudged = false
  }: {
    file: AgentFile | undefined
    trials: ReadonlyMap<Sighting, Trial>
    ifUnsure?: string
    /** Of services of the file, by their names. */
    verdicts?: Verdicts
    /** What keeps the services of the file from their servers is said elsewhere. */
    isJudged?: boolean
  }
): void {
  const told = sightings.filter(({ contact, isNamed }) => isNamed || contact !== 'none')
  if (told.length === 0) return
  const services = file?.services ?? []
  printTable([
    ['ADDRESS', 'SERVER', 'ENGINE', 'MODELS', 'SERVICE', 'STATE'],
    ...told.map((sighting) => {
      const [best] = sighting.found
      const service = sighting.service === undefined ? undefined : services[sighting.service]
      return [
        sighting.shown,
        (best?.server ?? '-').slice(0, 60),
        best?.engine?.name ?? '-',
        best ? listed(modelsOf({ ...best, models: shownOf(best) }).map(({ id }) => id)) : '-',
        service?.name ?? '-',
        trials.get(sighting)?.text ?? stateOf(sighting, service && { ...service, verdict: verdicts?.get(service.name) })
      ]
    })
  ])
  for (const sighting of told) {
    const { shown, found, fault, exposure, apiKey } = sighting
    const [best] = found
    if (fault && !(isJudged && sighting.service !== undefined)) {
      say(`${shown}: ${explainServer({ url: undefined, text: fault.message, error: fault })}`)
    }
    const isShown = best?.isUnsure && trials.get(sighting)?.worked
    // Of one that has a key it is said elsewhere whether it is refused.
    if (best?.note !== undefined && !isShown && !(best.wantsKey && apiKey !== undefined)) {
      const isOfService = sighting.service !== undefined
      const ifLocked = isOfService
        ? 'A key is written as the api_key of its service.'
        : services[0] && tellKey(sighting, sightings)
      const advice = best.isUnsure ? ifUnsure : best.wantsKey ? ifLocked : undefined
      say([`${shown}: ${best.note}`, ...(advice === undefined ? [] : [advice])].join(' '))
    }
    if (best?.advice !== undefined && !(isJudged && sighting.service !== undefined)) {
      say(`${shown}: ${explainServer({ url: undefined, text: best.advice })}`)
    }
    if (exposure !== undefined && best && best.server !== 'inference.club') say(warningOf(shown, exposure))
  }
}

/** How a server that no service names is given its key. Where the file has no service it is said beside what else is missing. */
function tellKey({ isKeyDeclined }: Sighting, sightings: readonly Sighting[]): string {
  if (isKeyDeclined) return `${NO_KEY_GIVEN[0]?.toUpperCase()}${NO_KEY_GIVEN.slice(1)}.`
  return sightings.filter(isLocked).length > 1
    ? `Several do: run this at a terminal, which asks for the key of each, or give the address of this one alone and set ${KEY_VARIABLE}.`
    : `Set ${KEY_VARIABLE} to it, or run this at a terminal, which asks for it.`
}

const shownOf = ({ models, unclear = [] }: Recognised) => (models.length > 0 ? models : unclear)

/** In a few words, whether a server can be used, by the service of the file that names it where one does. */
function stateOf(
  { contact, found, fault, apiKey }: Sighting,
  service: { engine?: string; verdict: Verdict | undefined } | undefined
): string {
  if (contact === 'none') return 'nothing is there'
  if (contact === 'silent') return 'no answer in time'
  const [best] = found
  if (fault) return 'nobody gets through'
  if (!best) return 'an unknown server'
  if (best.wantsKey) return apiKey === undefined ? 'wants a key' : 'refuses its key'
  if (best.password) return best.password === 'refused' ? 'refuses its password' : 'wants a password'
  if (!best.engine) return 'not to be used'
  if (service && !best.isUnsure && !isDriven(found, service.engine)) return 'needs another engine'
  if (service?.verdict?.state !== undefined) return service.verdict.state
  if (shownOf(best).length === 0) return 'no model'
  return best.isUnsure ? 'unsure' : 'ready'
}

const isDriven = (found: readonly Recognised[], engine: string | undefined): boolean =>
  found.some((one) => one.engine?.name === engine)

/**
 * What an agent would find of the services whose servers are those of their engines, by the file as it stands. Nothing of one with
 * mistakes, which are told elsewhere.
 */
export async function examineSeen(
  sightings: readonly Sighting[],
  { file, text, path }: { file: AgentFile; text: string; path: string }
): Promise<Verdicts> {
  const { config } = checkFile({ text, path })
  const seen = sightings.flatMap(({ service: index, found }) => {
    const service = index === undefined ? undefined : file.services[index]
    return service && isDriven(found, service.engine) && !found[0]?.password ? [service.name] : []
  })
  if (!config || seen.length === 0) return new Map()
  try {
    return await examineServices(config, (name) => seen.includes(name))
  } catch (error) {
    if (error instanceof EngineOptionError) return new Map()
    throw error
  }
}

const listed = (ids: readonly string[]): string =>
  ids.length === 0
    ? '-'
    : `${ids.slice(0, 3).join(', ').slice(0, 80)}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}`

const warningOf = (shown: string, exposure: string): string =>
  `WARNING ${shown} can be reached from ${exposure}. Whoever reaches it can use it, and often run programs through it; the agent needs it on this machine alone. Have it listen at 127.0.0.1: leave out --listen (ComfyUI, stable-diffusion-webui), use --listen-ip 127.0.0.1 (sd-server) or --host 127.0.0.1; in Docker publish it as -p 127.0.0.1:${portOf(shown)}:…`

const portOf = (shown: string): string => new URL(rootOf(shown.replace('…@', ''))).port || '80'

/** The file as an agent would read it, or what is wrong with it. */
export function checkFile(options: { text: string; path: string }): {
  config?: AgentConfig
  mistakes: readonly string[]
} {
  try {
    return { config: loadAgentConfig({ ...options, engines: ENGINES }), mistakes: [] }
  } catch (error) {
    if (error instanceof ConfigError) return { mistakes: error.mistakes }
    throw error
  }
}
