import type { Readable } from 'node:stream'
import type { ImageReport } from '../images/image-report.ts'
import type { ImageTask, Size } from '../images/image-request.ts'
import type { Inventory } from './inventory.ts'

/**
 * The software a service drives. An engine makes one image per call and keeps no state between calls that a
 * caller could notice.
 */
export interface Engine {
  readonly name: string
  /**
   * Fields that this product does not know and the engine lets through to its server; `any` when it decides of each by
   * itself. Absent: none.
   */
  readonly extras?: readonly string[] | 'any'
  /**
   * Asks the image server whether it is there and what it offers; `isLook`: nothing is doubted of it, and it is asked often, so that
   * nothing is asked that would be in its log as a fault. Throws `EngineError` when it cannot be reached.
   */
  describe(signal: AbortSignal, how?: { isLook: boolean }): Promise<ServerDescription>
  /**
   * LoRAs that callers may name with a model, as the server calls it, by the names that they use: of those that the server
   * lists as `found` the ones that its owner allows. Absent: none.
   */
  lorasFor?(model: string, found: readonly string[]): string[]
  /**
   * Makes one image. Throws `EngineError`; an abort of `run.signal` rejects promptly and stops the work where the
   * image server can be told to.
   */
  generate(task: ImageTask, run: EngineRun): Promise<EngineImage>
  /**
   * What must be loaded for one of its models, named so that two that need the same have the same name; LoRAs are nothing that
   * must. Absent: each model needs its own.
   */
  weightsOf?(servedAs: string): string
  /**
   * Has the server load what one of its models needs, as it calls it, so that its next image begins at once; resolves when that
   * is loaded. `unsupported`: this server cannot be told to. Throws `EngineError`, of which `busy` is that it works for its
   * owner; an abort rejects promptly, and a server that cannot be stopped goes on loading. Absent: none of its kind can be told.
   */
  warm?(servedAs: string, signal: AbortSignal): Promise<Warmed>
  /**
   * Takes out of its server's queue what an agent of the same `sender` has sent there that was killed since, and that has not
   * begun: nobody waits for it. Throws `EngineError`. Absent: it cannot be told from what others sent.
   */
  clearLeftovers?(signal: AbortSignal): Promise<void>
  /** Frees what the engine holds (threads, sockets). */
  close?(): Promise<void>
}

export type Warmed = 'warmed' | 'unsupported'

/** What an image server says of itself. */
export interface ServerDescription {
  /** Model names as the image server spells them; empty when it does not tell. */
  models: string[]
  /** It takes no name that is not in `models`: whatever is not there it lacks. Absent: one that names few may take others. */
  isWhole?: boolean
  /** Whether it takes a name that is not in `models` for the one that it has loaded; absent: that cannot be told. */
  takes?: (name: string) => boolean
  /** One line for people. */
  summary: string
  /** Why it may not be what the engine drives, though that is not certain: it is told, and tried all the same. */
  doubt?: EngineError
  /** What does not work though images are made, and what whoever runs it may do about it, a sentence; absent: nothing. */
  advice?: string
  /** Those of `models` that it has loaded; absent: it does not tell. */
  loaded?: readonly string[]
  /** What lies there; absent where it does not tell. */
  inventory?: Inventory
}

export interface EngineRun {
  signal: AbortSignal
  /** The bytes of `task.inputs[].name`; each call opens a new stream. */
  input(name: string): Promise<Readable>
  /** By its server's word it lies in a queue behind others: nothing of its time has passed. May be called several times until it has begun. */
  onWaiting(): void
  /**
   * The server works on it, and no longer keeps it in a queue behind others: its time counts from now. May be called several
   * times, of which the first counts; never where its server keeps no queue or does not tell.
   */
  onBegun(): void
  /** `step` of `steps`, both at least 0; may be called never. */
  onProgress(step: number, steps: number): void
  /** A small intermediate picture (png, jpeg or webp). */
  onPreview(image: Uint8Array, mediaType: string): void
}

export interface EngineImage {
  bytes: Readable
  /** As the engine declares it; the agent judges by content. */
  mediaType: string
  /** As the engine tells it, else the one it was sent; null when it was sent none and tells none. */
  seed: number | null
  /** Where the caller named no size, the one that the engine asked its server for, if it asked for one. */
  chosenSize?: Size
  /** What its server told of the image. */
  report?: ImageReport
  /** What was asked and could not be honoured, one sentence each. */
  warnings: string[]
}

/**
 * Why an attempt failed. Node faults (this machine, this server) are tried elsewhere and count against the service;
 * request faults (this prompt, these parameters) are the answer and do not. With the first three node faults the work
 * did not begin: the service is left alone for a while. After `bad_output` it was done: it is not done there again.
 */
export type EngineFault =
  | 'unreachable'
  | 'busy'
  | 'model_missing'
  | 'out_of_memory'
  | 'crashed'
  | 'bad_output'
  | 'bad_request'
  | 'content_rejected'

export class EngineError extends Error {
  readonly fault: EngineFault
  /** The field of the call at fault, as callers spell it. */
  readonly param: string | undefined

  /** For how long the image server wants to be left alone, when it said so. */
  readonly retryAfterMs: number | undefined

  /** The address asked, without what is secret in it; told to whoever runs the service and to nobody else. */
  readonly asked: string | undefined

  /** What they may do about it, a sentence for them alone. */
  readonly remedy: string | undefined

  /** Of `crashed`: the image server has not said so, but is heard of no more. */
  readonly isSilence: boolean

  /** `message` is shown to callers: it must not hold an address of the provider's network or a key. */
  constructor(
    fault: EngineFault,
    message: string,
    options: {
      cause?: unknown
      param?: string | undefined
      retryAfterMs?: number | undefined
      asked?: string | undefined
      remedy?: string | undefined
      isSilence?: boolean
    } = {}
  ) {
    super(message, options)
    this.name = 'EngineError'
    this.fault = fault
    this.param = options.param
    this.retryAfterMs = options.retryAfterMs
    this.asked = options.asked
    this.remedy = options.remedy
    this.isSilence = options.isSilence === true
  }
}
