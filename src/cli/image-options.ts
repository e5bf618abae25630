import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { type Command, InvalidArgumentError } from 'commander'
import {
  addGatewayOptions,
  callGateway,
  fromServer,
  type GatewayAddress,
  type GatewayOptions,
  request
} from './call-gateway.ts'
import { cancelWhenStopped } from './cancel-job.ts'
import { checkPlaces } from './check-places.ts'
import { chooseModel } from './choose-model.ts'
import { CommandFailed } from './command-failed.ts'
import { followJob } from './follow-job.ts'
import { type JobResult, readModels } from './gateway-answers.ts'
import { openProgressBar } from './progress-bar.ts'
import { saveStream } from './save-stream.ts'

/** What the commands that make images have in common. */
export interface ImageOptions extends GatewayOptions {
  output: string
  model?: string
  size?: string
  seed?: number
  n: number
  steps?: number
  negative?: string
  force?: true
}

export const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('is too large')
  return value
}

/** The name of each is looked for before any is made; no club makes so many in one call. */
const MOST_IMAGES = 1000

const numberOfImages = (text: string): number => {
  const count = wholeNumber(text)
  if (count > MOST_IMAGES) throw new InvalidArgumentError(`must be at most ${MOST_IMAGES}`)
  return count
}

export const addImageOptions = (command: Command): Command =>
  addGatewayOptions(
    command
      .requiredOption('-o, --output <file>', 'where to save it; its ending (.png, .jpg, .webp) chooses the format')
      .option('-m, --model <id>', 'default: demo if it can be made now, else the first model that can')
      .option('-s, --size <WxH>', 'such as 1024x1024')
      .option('--seed <number>', 'repeat a picture', wholeNumber)
      .option('-n, --n <count>', 'how many; several are saved as fox-1.png, fox-2.png, …', numberOfImages, 1)
      .option('--steps <number>', 'denoising steps', wholeNumber)
      .option('--negative <text>', 'what not to show')
      .option('-f, --force', 'replace files that are there')
  )

/** The fields of the call, as text: they fit JSON and forms alike. Throws before anything is made in vain. */
export async function imageFields(
  gateway: GatewayAddress,
  options: ImageOptions,
  feature: 'generate' | 'edit'
): Promise<Record<string, string>> {
  const format = formatOf(options.output)
  const { output, n, force } = options
  const numbered = Array.from({ length: n > 1 ? n : 0 }, (_, index) => numberedPath(output, index))
  await checkPlaces([output, ...numbered], { force })
  const given = {
    model: options.model ?? (await defaultModel(gateway, feature)),
    size: options.size,
    seed: options.seed,
    n: options.n,
    steps: options.steps,
    negative_prompt: options.negative,
    output_format: format,
    async: true
  }
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  )
}

export interface JobToSave {
  /** Asks the gateway for it; gives its id. */
  ask: () => Promise<string>
  /** As it was asked for. */
  prompt: string
  /** Images that were asked for. */
  n: number
  /** The file, for several images with a number before its ending. */
  output: string
}

/**
 * Asks for the job, waits for it, saves its images and prints their names. What they were made of instead, where an image server
 * rewrote the prompt, and the warnings are notes beside it. A signal to stop cancels the job.
 */
export const saveJob = (gateway: GatewayAddress, job: JobToSave): Promise<void> =>
  cancelWhenStopped(gateway, {
    ask: job.ask,
    work: async (id, stopped) => {
      const bar = openProgressBar(process.stderr)
      stopped.addEventListener('abort', () => bar.stop())
      const result = await followJob(gateway, id, bar)
      if (!stopped.aborted) await saveResult(result, job)
    }
  })

/** Throws `CommandFailed`, having saved none, where there are more than were asked for: nobody has looked whether their files are there. */
async function saveResult(result: JobResult, { prompt, n, output }: JobToSave): Promise<void> {
  const given = result.data.length
  if (given > Math.max(1, n)) {
    throw new CommandFailed(
      `The server gave ${given} images where ${n} ${n === 1 ? 'was' : 'were'} asked for. None is saved.`
    )
  }
  for (const [index, image] of result.data.entries()) {
    const path = result.data.length > 1 ? numberedPath(output, index) : output
    await save(image.url, path)
    process.stdout.write(`${path}\n`)
  }
  for (const revised of revisedPrompts(result, prompt)) {
    process.stderr.write(`note: made of a rewritten prompt: ${fromServer(revised)}\n`)
  }
  for (const warning of result.warnings) process.stderr.write(`note: ${fromServer(warning)}\n`)
}

/** Of several images, before the ending. */
const numberedPath = (output: string, index: number): string => output.replace(/(\.[^.]+)$/, `-${index + 1}$1`)

/** Each once, and none that says what was asked for. */
const revisedPrompts = ({ data }: JobResult, prompt: string): Set<string> =>
  new Set(data.flatMap(({ revised_prompt: revised }) => (revised === undefined || revised === prompt ? [] : [revised])))

async function defaultModel(gateway: GatewayAddress, feature: string): Promise<string> {
  const models = await callGateway(gateway, '/v1/models', { read: readModels })
  const model = chooseModel(models, feature)
  if (!model) throw new CommandFailed('No model that can do this is online. Connect an agent, or use `npm start`.')
  return model
}

function formatOf(path: string): string {
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''
  const format = { png: 'png', jpg: 'jpeg', jpeg: 'jpeg', webp: 'webp' }[ending]
  if (format === undefined) throw new CommandFailed(`'${path}' must end in .png, .jpg, .jpeg or .webp.`)
  return format
}

async function save(url: string, path: string): Promise<void> {
  const response = await request(url)
  // A proxy, or another server's page, says that all is well.
  const isPage = /^(?:text\/|application\/json)/i.test(response.headers.get('content-type') ?? '')
  if (!response.ok || !response.body || isPage) {
    throw new CommandFailed(`The image could not be fetched (HTTP ${response.status}).`)
  }
  await saveStream(Readable.fromWeb(response.body as ReadableStream), path)
}
