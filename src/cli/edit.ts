import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { callGateway, openGateway } from './call-gateway.ts'
import { CommandFailed } from './command-failed.ts'
import { readJobId } from './gateway-answers.ts'
import { addImageOptions, imageFields, type ImageOptions, saveJob } from './image-options.ts'

interface EditOptions extends ImageOptions {
  mask?: string
  image?: string[]
  strength?: number
}

const share = (text: string): number => {
  const value = Number(text)
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('must be between 0 and 1')
  return value
}

const collect = (one: string, others: string[] = []): string[] => [...others, one]

export function editCommand(): Command {
  const command = new Command('edit')
    .description('Change an image as a prompt says, and save the result.')
    .argument('<image>', 'png, jpeg or webp')
    .argument('<prompt>')
    .option('--mask <file>', 'png or webp of the same size; transparent = change here')
    .option('-i, --image <file>', 'a further image to take from; may be given several times', collect)
    .option('--strength <0..1>', '0 keeps the image, 1 ignores it', share)
  return addImageOptions(command).action(async (image: string, prompt: string, options: EditOptions) => {
    const gateway = await openGateway(options)
    const form = new FormData()
    form.set('prompt', prompt)
    for (const [name, value] of Object.entries(await imageFields(gateway, options, 'edit'))) form.set(name, value)
    if (options.strength !== undefined) form.set('strength', String(options.strength))
    for (const path of [image, ...(options.image ?? [])]) form.append('image[]', await openImage(path), basename(path))
    if (options.mask !== undefined) form.set('mask', await openImage(options.mask), basename(options.mask))
    const ask = () => callGateway(gateway, '/v1/images/edits', { form, read: readJobId })
    await saveJob(gateway, { ask, prompt, n: options.n, output: options.output })
  })
}

async function openImage(path: string): Promise<Blob> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) throw new CommandFailed(`There is no file '${path}'.`)
  return openAsBlob(path).catch(() => {
    throw new CommandFailed(`'${path}' cannot be read.`)
  })
}
