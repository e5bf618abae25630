import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { Command, InvalidArgumentError } from 'commander'
import { addGatewayOptions, callGateway, type GatewayOptions, openGateway } from './call-gateway.ts'
import { CommandFailed } from './command-failed.ts'
import { followJob } from './follow-job.ts'

interface GenerateOptions extends GatewayOptions {
  output: string
  model?: string
  size?: string
  seed?: number
  n: number
  steps?: number
  negative?: string
}

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

export function generateCommand(): Command {
  const command = new Command('generate')
    .description('Make an image and save it.')
    .argument('<prompt>')
    .requiredOption('-o, --output <file>', 'where to save it; its ending (.png, .jpg, .webp) chooses the format')
    .option('--model <id>', 'default: `demo` if it is there, else the first model')
    .option('--size <WxH>', 'such as 1024x1024')
    .option('--seed <number>', 'repeat a picture', wholeNumber)
    .option('--n <count>', 'how many; they are saved as fox-1.png, fox-2.png, …', wholeNumber, 1)
    .option('--steps <number>', 'denoising steps', wholeNumber)
    .option('--negative <text>', 'what not to show')
  return addGatewayOptions(command).action(generate)
}

async function generate(prompt: string, options: GenerateOptions): Promise<void> {
  const gateway = openGateway(options)
  const model = options.model ?? (await defaultModel(gateway))
  const job = await callGateway<{ id: string }>(gateway, '/v1/images/generations', {
    model,
    prompt,
    n: options.n,
    async: true,
    output_format: formatOf(options.output),
    ...(options.size !== undefined && { size: options.size }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.steps !== undefined && { steps: options.steps }),
    ...(options.negative !== undefined && { negative_prompt: options.negative })
  })
  const result = await followJob(gateway, job.id)
  const many = result.data.length > 1
  for (const [index, image] of result.data.entries()) {
    const path = many ? numbered(options.output, index + 1) : options.output
    await save(image.url, path)
    process.stdout.write(`${path}\n`)
  }
  for (const warning of result.warnings ?? []) process.stderr.write(`note: ${warning}\n`)
}

async function defaultModel(gateway: ReturnType<typeof openGateway>): Promise<string> {
  const { data } = await callGateway<{ data: { id: string }[] }>(gateway, '/v1/models')
  const model = data.find(({ id }) => id === 'demo') ?? data[0]
  if (!model) throw new CommandFailed('No model is online. Connect an agent, or start the server with `npm start`.')
  return model.id
}

function formatOf(path: string): string {
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''
  const format = { png: 'png', jpg: 'jpeg', jpeg: 'jpeg', webp: 'webp' }[ending]
  if (format === undefined) throw new CommandFailed(`'${path}' must end in .png, .jpg, .jpeg or .webp.`)
  return format
}

const numbered = (path: string, number: number): string => path.replace(/(\.[^.]+)$/, `-${number}$1`)

/** Written beside its place and renamed, so that an interrupted download leaves no half image. */
async function save(url: string, path: string): Promise<void> {
  const response = await fetch(url)
  if (!response.ok || !response.body)
    throw new CommandFailed(`The image could not be fetched (HTTP ${response.status}).`)
  const partial = `${path}.part`
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(partial))
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw new CommandFailed(`'${path}' could not be written: ${(error as Error).message}`)
  }
}
