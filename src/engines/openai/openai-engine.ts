import { Readable } from 'node:stream'
import type { ImageTask } from '../../images/image-request.ts'
import { mediaTypeOfFormat } from '../../images/media-types.ts'
import type { SizeRules } from '../../images/sizes.ts'
import {
  type Engine,
  EngineError,
  type EngineImage,
  type EngineRun,
  type ServerDescription,
  type Warmed
} from '../engine.ts'
import { isPictureName } from '../fingerprint.ts'
import { holdsImages, parseImagesAnswer, reasonOfNoImage } from './openai-answer.ts'
import { parseModelIds } from './openai-api.ts'
import { faultOfAnswer, faultOfNoImage, isListDenied, isNotOffered, isSuccess } from '../upstream-fault.ts'
import { preferringAbort } from '../preferring-abort.ts'
import { WEB_PAGE } from '../proxy-fault.ts'
import { shownAddress } from '../upstream-address.ts'
import { createUpstreamHttp } from '../upstream-http.ts'
import { createOpenAIHttp, type OpenAIHttpOptions } from './openai-http.ts'
import { openImage } from './openai-image.ts'
import { HARMLESS_EXTRAS } from './openai-fields.ts'
import { createImageRequester } from './openai-request.ts'
import { GENERIC, type ServerProfile } from './profiles.ts'
import { loadByName } from './load-by-name.ts'

export interface OpenAIEngineOptions extends OpenAIHttpOptions {
  /** What the owner says of the server; the rest is as it is recognised. */
  profile?: Partial<ServerProfile>
  /**
   * Asks the server which it is, whenever it is described, until it tells; `list` is its answer to `GET /models`. Absent: what
   * the owner says is all.
   */
  identify?: (list: string) => Promise<ServerProfile | undefined>
  /** Of edits without a size; what is absent is as the profile has it. */
  sizes?: Partial<SizeRules>
  /** Previews that are asked for with every image, 0 – 3; default 0, for some servers bill them. */
  previews?: number
}

/** Any server that speaks OpenAI's image API, whose kinds are in `profiles.ts`. */
export function createOpenAIEngine(options: OpenAIEngineOptions): Engine {
  const { maxImageBytes, identify, previews = 0, sizes = {} } = options
  const http = createOpenAIHttp(options)
  const { secrets } = http
  let recognised: Promise<ServerProfile | undefined> | undefined
  /** A page in place of a list is then another server. */
  let hasListed = false
  const profileOf = async (): Promise<ServerProfile> => ({
    ...GENERIC,
    ...(await recognised),
    ...options.profile
  })
  const requestImage = createImageRequester({ http, profileOf, sizes, previews, maxImageBytes })

  const describe = async (signal: AbortSignal, isLook = false): Promise<ServerDescription> => {
    const answer = await http.get('/models', signal, { mayBePage: !hasListed })
    if (!isSuccess(answer) && !isNotOffered(answer) && !isListDenied(answer)) {
      throw faultOfAnswer(answer, { secrets, call: GENERATIONS })
    }
    const list = parseModelIds(answer.body)
    const models = list ?? []
    // A list may be denied to a key that may have images, and to one that may have nothing; one that has gone may be another server's.
    const isKnown = models.length > 0 || (isLook && (list !== undefined || !hasListed))
    hasListed ||= models.length > 0
    const misplaced = isKnown ? undefined : await findMisplaced(answer.body, signal)
    if (misplaced && !isSuccess(answer)) throw misplaced
    if ((await recognised) === undefined) recognised = identify?.(answer.body)
    const { server } = await profileOf()
    const [pictures, unclear] = [models.filter(isPictureName), models.filter((name) => !isPictureName(name))]
    const offer = models.length === 0 ? 'does not list its models' : `models: ${models.length}`
    return {
      models,
      summary: `${server} (${offer})`,
      ...(misplaced && { doubt: misplaced }),
      // Lists hold models of all kinds, and do not say which is which.
      inventory: {
        models: pictures.map((servedAs) => ({ servedAs, features: ['generate'] as const })),
        ...(unclear.length > 0 && { unclearModels: unclear }),
        loras: []
      }
    }
  }

  /**
   * What is wrong with the address when there is nothing to make images behind it, or nothing for this key. It is asked with what is
   * no JSON, of which no server can make any: one that has the route says so, and one that has not, that there is none. Throws
   * what is certain: nobody is let in, or whatever is asked is taken well, or answered as something else was (`other`), as no
   * image server does.
   */
  const findMisplaced = async (other: string, signal: AbortSignal): Promise<EngineError | undefined> => {
    const answer = await http.post(`/${GENERATIONS}`, '{', signal)
    if ([401, 403].includes(answer.status)) throw faultOfAnswer(answer, { secrets, call: GENERATIONS })
    const isAnything = !holdsImages(answer.body) || answer.body === other
    if (isSuccess(answer) && !answer.image && isAnything) throw notLikeOpenAI()
    if (!isNotOffered(answer)) return undefined
    const { message } = faultOfAnswer(answer, { secrets, call: GENERATIONS })
    const asked = shownAddress(http.address.urlOf(`/${GENERATIONS}`))
    const mayBeDown = WEB_PAGE.test(answer.body) ? 'A web page is there: is the image server behind it down? ' : ''
    return new EngineError('unreachable', message, { asked, remedy: mayBeDown + rootRemedy(asked) })
  }

  const generate = async (task: ImageTask, run: EngineRun): Promise<EngineImage> => {
    const { answer, sent, refused, chosenSize, warnings } = await requestImage(task, run)
    if (!isSuccess(answer)) throw naming(refused, faultOfAnswer(answer, { secrets, call: GENERATIONS }))
    const parsed = answer.image ? undefined : parseImagesAnswer(answer.body)
    const found = answer.image ? { kind: 'bytes' as const, bytes: answer.image } : parsed?.image
    if (!found) {
      const reason = reasonOfNoImage(answer.body)
      const look = () => findMisplaced(answer.body, run.signal)
      throw await faultOfNoImage(answer, { secrets, reason, look })
    }
    const { bytes, mediaType } = await openImage(found, {
      http,
      pictures: answer.pictures,
      maxImageBytes,
      signal: run.signal
    })
    const declared = parsed?.outputFormat && `image/${parsed.outputFormat}`
    return {
      bytes: Readable.from([bytes]),
      mediaType: mediaType ?? declared ?? mediaTypeOfFormat(task.output_format ?? 'png'),
      ...(chosenSize && { chosenSize }),
      ...(parsed && { report: parsed.report }),
      // A seed that was not sent says nothing about the image.
      seed: parsed?.seed ?? ('seed' in sent ? task.seed : null),
      warnings
    }
  }

  const warm = async (model: string, signal: AbortSignal): Promise<Warmed> => {
    // It is recognised when it is described.
    if (identify && (await recognised) === undefined) await describe(signal)
    const { loadsByName } = await profileOf()
    if (!loadsByName) return 'unsupported'
    const server = createUpstreamHttp({ ...options, baseUrl: rootOf(options.baseUrl) }, '')
    try {
      await loadByName(server, model, signal)
    } finally {
      await server.close()
    }
    return 'warmed'
  }

  return {
    name: 'openai',
    extras: HARMLESS_EXTRAS,
    describe: (signal, how) => preferringAbort(signal, () => describe(signal, how?.isLook)),
    warm: (model, signal) => preferringAbort(signal, () => warm(model, signal)),
    generate: (task, run) => preferringAbort(run.signal, () => generate(task, run)),
    close: () => http.close()
  }
}

const GENERATIONS = 'images/generations'

/** There is a server, and not what this engine drives. */
const notLikeOpenAI = (): EngineError =>
  new EngineError('unreachable', "The image server does not answer like one that speaks OpenAI's API.", {
    remedy: "Is the service's url that of the image server, and is it the image server that runs there?"
  })

/** Where the server itself is, above its API of OpenAI's kind. */
function rootOf(baseUrl: string): string {
  const url = new URL(baseUrl)
  url.pathname = url.pathname.replace(/\/v1\/?$/, '/')
  return url.href
}

/** Where an API may begin that is not where it was `asked`: further down or beside it. */
function rootRemedy(asked: string): string {
  const { origin, pathname } = new URL(asked)
  const root = pathname.replace(`/${GENERATIONS}`, '')
  const below = root.endsWith('/v1') ? [] : [`${root}/v1`]
  const roots = root === '/v1' ? ['/api/v1'] : [...below, '/v1']
  return `The service's url is where its API begins, such as ${roots.map((path) => origin + path).join(' or ')}.`
}

/** A request's fault with the field that the server would not take. */
const naming = (param: string | undefined, fault: EngineError): EngineError =>
  fault.fault === 'bad_request' ? new EngineError('bad_request', fault.message, { param }) : fault
