import { ENGINES } from '../../engines/engine-descriptions.ts'
import type { EngineError } from '../../engines/engine.ts'
import type { Recognised } from '../../engines/fingerprint.ts'
import { identifyServer } from '../../engines/identify-server.ts'
import { findExposure } from './find-exposure.ts'
import { placeOf, rootOf, shownUrl } from './place.ts'

/** Somewhere that an image server may be. */
export interface Place {
  /** As its owner wrote it; with a user name and password perhaps. */
  url: string
  apiKey?: string
  /** For which the key was written. */
  engine?: string
  headers?: Record<string, string>
  /** The place in the list of services that names it. */
  service?: number
  /** Somebody has named it: it is told of even when nothing is there. */
  isNamed: boolean
}

export interface Sighting extends Place {
  /** Without what may be secret. */
  shown: string
  contact: 'none' | 'silent' | 'answers'
  /** All that it can be taken for, the best first. */
  found: Recognised[]
  /** Where nothing was found: why no image server is reached, for something stands before it. */
  fault?: EngineError
  /** From where else it can be reached, in words; absent: from nowhere. */
  exposure?: string
  /** Whoever sits at the terminal was asked for its key, and gave none that it takes. */
  isKeyDeclined?: true
}

/** Where servers listen that no engine drives, or that are found elsewhere than their engine's usual places. */
const FURTHER = [13_305, 8091, 11_434].map((port) => `http://127.0.0.1:${port}`)

export const usualPlaces = (): Place[] =>
  [...new Set([...ENGINES.flatMap(({ usualUrls }) => usualUrls), ...FURTHER])].map((url) => ({ url, isNamed: false }))

/** Looks at all places at the same time; of the same place twice the first counts, and services all count. */
export async function survey(places: readonly Place[]): Promise<Sighting[]> {
  const seen = new Set<string>()
  const different = places.filter(({ url, service }) => {
    const isNew = !seen.has(placeOf(url))
    seen.add(placeOf(url))
    return isNew || service !== undefined
  })
  return Promise.all(different.map(look))
}

/** Looks once more, with the key that whoever sits there has for this server. */
export const lookAgain = (place: Place, apiKey: string): Promise<Sighting> =>
  look({ ...place, apiKey, engine: place.engine ?? AS_BEARER })

/** An engine whose keys are bearers: so a key is sent to what is not known without it. */
const AS_BEARER = 'openai'

async function look(place: Place): Promise<Sighting> {
  const { url, apiKey, engine, headers } = place
  const { contact, result, fault } = await identifyServer({
    url: rootOf(url),
    ...(apiKey !== undefined && { apiKey }),
    ...(engine !== undefined && { engine }),
    ...(headers && { headers })
  })
  const exposure = contact === 'none' ? undefined : await findExposure(url)
  return {
    ...place,
    shown: shownUrl(url),
    contact,
    found: result,
    ...(fault && { fault }),
    ...(exposure !== undefined && { exposure })
  }
}
